"""
What a caller asks for, as it goes on the wire: the same on every transport.
"""

from penstock.core.uri import requestTarget as requestTarget
