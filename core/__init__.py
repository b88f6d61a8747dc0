"""The seam, requests, headers and traversal.  Imports neither transports nor resources."""
