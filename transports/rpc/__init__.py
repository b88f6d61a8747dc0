"""The seam over msgpack messages, on any stream."""
