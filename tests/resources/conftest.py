"""
Runs what is marked so over each transport.
"""

from ..everywhere import carrier, pytest_generate_tests

__all__ = ["carrier", "pytest_generate_tests"]
