"""Following a runbook during an incident: which text is shown, its steps, and who ticked which of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from incidents.models import Entry, Incident
from systems.models import Runbook, RunbookVersion, System
from systems.models.runbook import Situation
from systems.runbooks import render, steps_of

Topic = Incident.Topic
# What to do first, by what went wrong; where that is not written, whatever an alert asks for.
SUGGESTED = {
    Topic.QUALITY: Situation.MODEL_ERRS,
    Topic.DATA: Situation.FEED_UNAVAILABLE,
    Topic.SERVICE: Situation.LOAD,
}
STEP_OPENS = '<li class="step">'  # how systems.runbooks.render marks an item with a box


@dataclass(frozen=True)
class Step:
    """One step of a text: its number from 0, its words, and the entry that ticked it, if it is ticked."""

    n: int
    words: str
    ticked: Entry | None


@dataclass(frozen=True)
class Following:
    """A runbook as it is followed: `parts` are pieces of safe HTML, each but the first the inside of a step."""

    system: System
    version: RunbookVersion
    parts: list[tuple[str, Step | None]]
    newest: int

    @property
    def key(self) -> str:
        return key_of(self.version.runbook)

    @property
    def steps(self) -> list[Step]:
        return [step for _, step in self.parts if step]

    @property
    def ticked(self) -> int:
        return sum(step.ticked is not None for step in self.steps)

    @property
    def is_superseded(self) -> bool:
        """Whether a newer text was written after somebody began to tick this one."""
        return self.version.n < self.newest


def key_of(runbook: Runbook) -> str:
    """Return how the runbook is named in the address of an incident's page."""
    return f"{runbook.system.slug}:{runbook.situation}"


def written_for(systems: Iterable[System]) -> list[Runbook]:
    """Return the runbooks of `systems` that have a text."""
    texts = RunbookVersion.objects.newest().values("runbook")
    return list(Runbook.objects.filter(system__in=systems, pk__in=texts).select_related("system"))


def suggested(incident: Incident) -> Situation:
    """Return the situation that the incident is of, else that it looks like."""
    if incident.situation:
        return Situation(incident.situation)
    return SUGGESTED.get(Topic(incident.topic), Situation.ALERT_REACHED)


def choose(incident: Incident, written: list[Runbook], asked: str = "") -> Runbook | None:
    """Return the runbook that was asked for, else what fits the incident best; None when nothing is written."""
    wanted = [suggested(incident), Situation.ALERT_REACHED]
    ranks = {situation: rank for rank, situation in enumerate(wanted)}
    by_key = {key_of(runbook): runbook for runbook in written}
    return by_key.get(asked) or min(written, key=lambda one: ranks.get(one.situation, len(ranks)), default=None)


def follow(incident: Incident, runbook: Runbook) -> Following:
    """Return the runbook as it is followed in the incident: the text whose steps were ticked last, else the newest."""
    ticks = ticks_of(incident)
    begun = [n for (slug, situation, n, _) in ticks if (slug, situation) == (runbook.system.slug, runbook.situation)]
    version = runbook.versions.get(n=begun[-1] if begun else runbook.version)
    version.runbook = runbook
    place = (runbook.system.slug, runbook.situation, version.n)
    words = steps_of(version.body)
    steps = [Step(n, text, _if_done(ticks.get((*place, n)))) for n, text in enumerate(words)]
    first, *rest = render(version.body).split(STEP_OPENS)
    parts: list[tuple[str, Step | None]] = [(first, None), *zip(rest, steps, strict=True)]
    return Following(runbook.system, version, parts, runbook.version)


def ticks_of(incident: Incident) -> dict[tuple[str, str, int, int], Entry]:
    """Return the last entry about each step by (system, situation, version, step), the latest touched last."""
    last: dict[tuple[str, str, int, int], Entry] = {}
    for entry in incident.timeline.filter(kind=Entry.Kind.STEP).select_related("by").order_by("n"):
        place = tuple(entry.data[name] for name in ("system", "situation", "version", "step"))
        last.pop(place, None)
        last[place] = entry
    return last


def _if_done(entry: Entry | None) -> Entry | None:
    return entry if entry and entry.data["done"] else None
