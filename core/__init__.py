"""The seam, requests, headers and traversal.  Imports no other part of penstock."""
