"""
What isn't installed, and how to get it.
"""

from __future__ import annotations

from typing import Final

from penstock.core.endpoints import NEEDS_TLS

# What Twisted needs for TLS.
_TLS: Final = frozenset(("OpenSSL", "cryptography", "idna", "service_identity"))


def explainImport(problem: ImportError) -> str:
    """
    @return: what to do about C{problem}, for who runs the command.
    """
    name = (problem.name or "").partition(".")[0]
    if name in _TLS:
        return NEEDS_TLS
    return str(problem)
