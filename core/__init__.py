"""
The seam, requests, header fields and traversal.  Imports no other part of
penstock.

What is where, by module; each group needs only those below it, and its own::

    a request        server > answering > reading > request
    resources        resource, response, events, errorpage
    what is sent     selection (conditions, ranges), choice, encoding,
                     body (produced)
    what is read     content, decoding, jsontext, formdata, parts (formparts),
                     pieces, charsets, codings
    asking           client, composed, uri
    the seam         interfaces, exchange (incoming, outgoing), order, flow,
                     length, errors
    fields           headers, fieldtable, fields, values, recent, trailers, hop
    what they say    grammar, authority, target, mediatype, negotiation, members,
                     etag, dates, cachecontrol, forwarding, phrases
    around it        endpoints, identity, certified, networks, queues (direct),
                     unwelcome, accesslog, coroutines

A request comes to a L{penstock.core.server.Site} from any transport's serving
end: C{server} finds its resource, C{reading} hands that the content as its policy
has it, and C{answering} sends what it returns, by way of C{selection}.

C{testing} has the checks that every transport must pass, and fakes.
"""
