"""
Lines of every field: good ones with the value they have, and bad ones.
"""

from . import (
    examples_access,
    examples_browser,
    examples_http,
    examples_more,
    examples_rfc,
    examples_services,
)

GOOD = [
    *examples_http.GOOD,
    *examples_access.GOOD,
    *examples_more.GOOD,
    *examples_services.GOOD,
    *examples_browser.GOOD,
    *examples_rfc.GOOD,
]
BAD = [
    *examples_http.BAD,
    *examples_access.BAD,
    *examples_more.BAD,
    *examples_services.BAD,
    *examples_browser.BAD,
    *examples_rfc.BAD,
]
