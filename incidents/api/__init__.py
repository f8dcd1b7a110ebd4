"""Incidents for programs: each view loads, calls one action and answers."""
