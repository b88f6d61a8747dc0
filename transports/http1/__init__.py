"""HTTP/1.1 (RFC 9112)."""

from penstock.transports.http1.connect import connectHTTP
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.http1.pool import HTTPClient

__all__ = ["HTTPClient", "HTTPFactory", "Limits", "Timeouts", "connectHTTP"]
