"""Whom the checks of promises ask: not what is still research, nor the portal, which has no model."""

from collections.abc import Iterator

from systems.checking import Finding
from systems.models import Outcome, Phase
from systems.models.system import PORTAL

NOT_APPLICABLE = Outcome.Result.NOT_APPLICABLE


def why_not(slug: str, phase: str) -> str:
    """Return why nothing is asked of such a system, or an empty string when it is asked."""
    if slug == PORTAL:
        return "The portal is no model: nothing is trained, deployed or rolled back here."
    if phase == Phase.RESEARCH:
        return "It is still research: nobody relies on it yet."
    return ""


def asked(systems) -> Iterator[tuple[int, str, str, str]]:
    """Yield of each of `systems` its id, slug and phase, and why it is not asked."""
    for pk, slug, phase in systems.values_list("pk", "slug", "phase"):
        yield pk, slug, phase, why_not(slug, phase)


def not_asked(system_id: int, why: str) -> Finding:
    return Finding(system_id, NOT_APPLICABLE, why)
