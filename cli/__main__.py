"""
C{python -m penstock.cli}.
"""

from __future__ import annotations

from penstock.cli.main import main

main(prog_name="penstock")
