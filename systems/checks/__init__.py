"""Checks of the registry: does somebody answer for a system, and is promised what its users rely on?"""

from systems.checks import ownership, phases, retraining, runbooks, versions

__all__ = ["ownership", "phases", "retraining", "runbooks", "versions"]
