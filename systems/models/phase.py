"""The phases that a system goes through."""

from django.db import models


class Phase(models.TextChoices):
    RESEARCH = "research"
    ENGINEERING = "engineering"
    OPERATIONS = "operations"
    RETIRED = "retired"


PHASE_ORDER = [Phase.RESEARCH, Phase.ENGINEERING, Phase.OPERATIONS]
PHASES_IN_USE = [(phase.value, phase.label) for phase in PHASE_ORDER]


class Scoped(models.TextChoices):
    """How much of a system was thought through: of which phases dates, budget and exit criterion stand."""

    NOTHING = "nothing", "no phase is scoped"
    ONLY_RESEARCH = "only_research", "only research is scoped"
    PARTLY = "partly", "not all phases are scoped"
    ALL = "all", "all three phases are scoped"


def scoped_by(phases: list[str]) -> Scoped:
    """Return what it means that these phases are scoped."""
    if len(phases) == len(PHASE_ORDER):
        return Scoped.ALL
    if phases == [Phase.RESEARCH]:
        return Scoped.ONLY_RESEARCH
    return Scoped.PARTLY if phases else Scoped.NOTHING
