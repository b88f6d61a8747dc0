"""
Typed values of fields, one kind a module.

Those that the core itself acts on (L{penstock.core.etag},
L{penstock.core.mediatype}, ...) are one level up; these are for who reads and
writes fields.
"""
