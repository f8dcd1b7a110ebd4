"""Checks of the registry: does somebody answer for a system, and is promised what its users rely on?"""

from systems.checks import drills, feeds, ownership, phases, retraining, runbooks, versions

__all__ = ["drills", "feeds", "ownership", "phases", "retraining", "runbooks", "versions"]
