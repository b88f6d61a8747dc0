"""Carriers: each has a serving end and a calling end."""
