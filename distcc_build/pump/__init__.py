"""Pump mode: distcc's include server, and what keeps it from a wrong object."""
