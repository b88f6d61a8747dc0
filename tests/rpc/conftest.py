"""
What the tests of RPC share.
"""

from ..conformance.conftest import run as run
