"""What a connector is: one module of this folder, with a class `Connector` of this shape."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Limits:
    """What one pull may take, in all."""

    deadline_s: float = 30.0
    max_bytes: int = 10 * 1024 * 1024  # decoded
    max_series: int = 5000


class Reading(NamedTuple):
    """One value at the source's time; 0 samples: not known; `version` is the model version's name, if known.

    With `correction`, the reason, it replaces a final value too. A tuple: a round of pulls makes a great many.
    """

    at: datetime
    value: float
    samples: int = 0
    is_final: bool = True
    version: str = ""
    correction: str = ""


@dataclass(frozen=True)
class Wanted:
    """A series that is watched: its id, where in the source it is found, and what was kept of the last time."""

    series_id: int
    selector: Mapping[str, Any]
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Pulled:
    """What came: readings by series id. `missing` says in a sentence, by series id, why one was not found.

    `columns` are those of the rows, where the source has rows (None: it has none); `note` says what was left out.
    `memory` is kept with the readings, by series id, and handed back at the next pull (Wanted.memory); it stays as it
    was for a series that is not in it. A series with memory was heard, also where it has no reading yet.
    `is_unchanged` says that there is nothing new since the last success: no reading, and nothing wrong with that.
    """

    readings: dict[int, list[Reading]] = field(default_factory=dict)
    missing: dict[int, str] = field(default_factory=dict)
    memory: dict[int, dict] = field(default_factory=dict)
    columns: list[str] | None = None
    bytes: int = 0
    note: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True)
class Suggested:
    """What is guessed of a series that was found: fields of Metric."""

    key: str
    name: str = ""
    unit: str = ""
    kind: str = "service"
    scale: str = "real"
    direction: str = "higher"
    means: str = ""


@dataclass(frozen=True)
class Found:
    """A series that could be watched, with its last value."""

    selector: dict[str, Any]
    last: float | None
    at: datetime | None
    suggested: Suggested
    is_likely: bool = False  # ticked before anybody chose
    server: str = ""  # the software that shows it, where it is recognised


def shows_quality(found: Iterable[Found]) -> bool:
    """Whether anything that was found speaks of how good the predictions are."""
    return any(one.suggested.kind == "quality" for one in found)


class Failed(Exception):
    """A pull that brought nothing: `outcome` is one of Pull.Outcome, the text one sentence for people."""

    def __init__(self, outcome: str, sentence: str):
        super().__init__(sentence)
        self.outcome = outcome


class BadSettings(ValueError):
    """Settings that cannot work; `errors` maps a dotted path, such as `url`, to its sentences."""

    def __init__(self, errors: dict[str, list[str]]):
        super().__init__("; ".join(text for texts in errors.values() for text in texts))
        self.errors = errors


class Connector(ABC):
    """`settings`, `credentials`, `selector` are JSON Schemas; `duty` names the duty that does its pulls.

    It may connect by engine.fetching or any library that does so in Python: the guard judges it. Not by one that
    connects in C, and not through another process: nobody would see where to.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]  # one sentence: what it reads, for the page that connects
    purpose: ClassVar[str] = ""  # a sentence or two: what it is for, for the page that teaches
    needs: ClassVar[tuple[str, ...]] = ()  # what must be there before, a sentence each
    settings: ClassVar[dict]
    credentials: ClassVar[dict]
    selector: ClassVar[dict]
    example: ClassVar[dict]  # {"settings": …, "credentials": …, "selector": …, "metric": fields of the Metric}
    duty: ClassVar[str] = "pull"
    no_past: ClassVar[str] = (
        "This kind of source tells only what is now: its past cannot be read."  # "": read_past does
    )

    @abstractmethod
    def checked(self, settings: dict) -> dict:
        """Return the settings with their defaults filled in. Raises BadSettings."""

    def unfit_selector(self, selector: Mapping[str, Any]) -> str:
        """Return in a sentence what is wrong with a selector, "" when nothing is."""
        return ""

    def places(self, settings: dict) -> set[tuple]:
        """Return where credentials are sent: (scheme, host, port) of each address in the settings, however deep.

        A kind that names its host in another way says so itself.
        """
        return {place for text in _texts(settings) if "://" in text for place in [_place(text)]}

    @abstractmethod
    async def discover(self, settings: dict, credentials: dict, *, at: datetime, limits: Limits) -> list[Found]:
        """Return what could be watched. Raises Failed."""

    @abstractmethod
    async def pull(
        self,
        settings: dict,
        credentials: dict,
        wanted: Sequence[Wanted],
        *,
        since: datetime | None,
        at: datetime,
        limits: Limits,
    ) -> Pulled:
        """Return the readings of `wanted`; `since` is the last success that had them all in view (None: never).

        `at` is now. Raises Failed.
        """

    async def read_past(
        self,
        settings: dict,
        credentials: dict,
        wanted: Sequence[Wanted],
        *,
        start: datetime,
        end: datetime,
        at: datetime,
        limits: Limits,
    ) -> Pulled:
        """Return the readings of `wanted` from `start` to `end`, which is not in it. Raises Failed."""
        raise Failed("refused", self.no_past)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _place(address: str) -> tuple:
    """Return scheme, host and port of an address; of one that is none, itself."""
    try:
        parts = urlsplit(address)
        return (parts.scheme, parts.hostname, parts.port)
    except ValueError:
        return (address,)
