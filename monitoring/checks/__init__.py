"""Checks of what the machines see: is quality watched and noticed in time, does data come, would anybody be told?"""

from monitoring.checks import noticing, watching

__all__ = ["noticing", "watching"]
