"""
Which fields may be in a trailer section: see L{penstock.core.trailers}.
"""

from penstock.core.trailers import trailerFields as trailerFields
