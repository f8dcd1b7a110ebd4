"""Noticing: plain Python and numpy; no ORM, no clock, no Celery."""
