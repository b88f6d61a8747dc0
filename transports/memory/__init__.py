"""The seam by method calls: no bytes, no reactor."""
