"""
HTTP/1.1 (RFC 9112).

The way of a request and its response, by module::

    served:   factory > channel > request_reader (request_head, body)
                      > channel_request > the request
    answered: channel_request > writer > channel
    asked:    pool > asking > client_exchange (gathering) > writer
                   > client_connection
    received: client_connection > response_reader (body) > client_exchange

A C{channel} is one object, written as five classes, each about one thing:
C{connection} writes and closes, C{refusing} ends for a reason, C{watched} has
deadlines, C{switching} can become another protocol, and the channel itself
splits what comes into requests (C{intake}).  Likewise C{client_wire} and
C{client_connection}, which is in one of C{client_phases}.

C{head} reads the fields of both ends, and C{events} are what their readers tell.
C{deadlines}, C{delivery} and C{patience} see that nobody is waited for without
end; C{house}, C{gate} and C{turned_away}, that there aren't too many; C{hangup}
asks the kernel what a peer has done; C{sendfile} sends files.
C{limits} are how much of all that is taken, and C{connect} makes clients of URLs.
"""

from penstock.transports.http1.connect import connectHTTP
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.http1.pool import HTTPClient

__all__ = ["HTTPClient", "HTTPFactory", "Limits", "Timeouts", "connectHTTP"]
