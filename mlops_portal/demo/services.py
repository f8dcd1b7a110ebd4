"""The models in production: which system each belongs to, what comes in, and what goes wrong with it and when.

Ages are days before the day on which the demo world began; its own days after that have negative ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from mlops_portal.demo.models import Experiment

SHIFT_BEGAN = 92
SHIFT_LASTS = 110
FIELD_LOST = 23
FEED_FELL_SILENT = 5
OUTAGE = range(139, 143)
MIX_UP = range(121, 134)
NEW_TARIFF_FROM = 67
NEW_TARIFF_IN, NEW_TARIFF_SHARE = "EU", 0.24  # of the rows from there
FEWER_HELD_BACK_FROM = 30
Inputs = NDArray[np.float64]


@dataclass(frozen=True)
class Day:
    """A day of a service: its age, the region of each row (empty where it has none), and a source of chance."""

    age: int
    regions: NDArray[np.str_]
    rng: np.random.Generator


Story = Callable[[Inputs, Day, Experiment], Inputs]


@dataclass(frozen=True)
class Service:
    """A served model and its stream of requests.

    `versions` are (name, age from which it serves, experiment), the oldest first; `fields` are the columns of the data
    set that the log keeps, by the business's names; `regions` are the shares of rows by where they come from.
    """

    slug: str
    versions: tuple[tuple[str, int, Experiment], ...]
    fields: dict[str, int]
    rows_a_day: int
    labels_after: timedelta
    story: Story
    is_silent: Callable[[int], bool] = lambda age: False
    since_age: int = 10_000
    has_server: bool = True  # whether the portal watches the model server's own figures of it
    jitter: float = 0.3
    metrics: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)  # what the business needs at the least, by metric
    watched_fields: tuple[str, ...] = field(default=())
    regions: Mapping[str, float] = field(default_factory=dict)

    @property
    def task(self) -> str:
        return self.versions[0][2].task

    def version_at(self, age: int) -> tuple[str, Experiment]:
        """Return the version that serves on the day of this age."""
        name, _, experiment = [one for one in self.versions if one[1] >= age][-1]
        return name, experiment


def as_it_was(rows: Inputs, day: Day, experiment: Experiment) -> Inputs:
    return rows


def _customers_change(rows: Inputs, day: Day, experiment: Experiment) -> Inputs:
    """Move four columns slowly in one region, up to three of their standard deviations; a field of some is empty."""
    share = min(1.0, max(0.0, (SHIFT_BEGAN - day.age) / SHIFT_LASTS))
    columns, there = [1, 4, 21, 24], day.regions == NEW_TARIFF_IN
    rows[np.ix_(there, columns)] += 3.0 * share * experiment.spreads[columns]
    if day.age <= NEW_TARIFF_FROM:
        rows[there & (day.rng.random(len(rows)) < NEW_TARIFF_SHARE), 1] = np.nan
    return rows


def _field_gets_lost(rows: Inputs, day: Day, experiment: Experiment) -> Inputs:
    """Leave a column empty from one day on."""
    if day.age <= FIELD_LOST:
        rows[:, 2] = np.nan
    return rows


def _columns_mixed_up(rows: Inputs, day: Day, experiment: Experiment) -> Inputs:
    """Send some columns in the wrong order, until the new version of the model expects them so."""
    if day.age in MIX_UP:
        rows[:, 20:28] = rows[:, 20:28][:, ::-1]
    return rows


_churn = Experiment("binary", 11, ("leaves", "stays"), simplicity=10)
_fraud = [Experiment("binary", 17, ("fraud", "fine"), simplicity=3, cut=cut) for cut in (0.5, 0.7)]
_queues = (
    "billing",
    "delivery",
    "returns",
    "technical",
    "account",
    "sales",
    "complaints",
    "contracts",
    "spare parts",
    "other",
)
_routing = [Experiment("multiclass", seed, _queues, simplicity=10) for seed in (12, 21)]
_delivery = Experiment("regression", 13, unit=0.25)
_demand = Experiment("regression", 29, unit=4, simplicity=5)

SERVICES = [
    Service(
        "churn-forecast",
        (("3.0", 10_000, _churn),),
        {"calls_a_week": 1, "complaints": 4, "months": 0, "spend": 3},
        480,
        timedelta(days=7),
        _customers_change,
        metrics=("accuracy", "recall", "roc_auc"),
        limits={"accuracy": 0.88},
        watched_fields=("calls_a_week",),
        regions={"EU": 0.5, "US": 0.3, "elsewhere": 0.2},
    ),
    Service(
        "ticket-routing",
        (("2.0", 10_000, _routing[0]), ("2.1", MIX_UP.start - 1, _routing[1])),
        {"length": 10, "links": 21, "attachments": 42},
        360,
        timedelta(days=2),
        _columns_mixed_up,
        metrics=("accuracy",),
        watched_fields=("length",),
    ),
    Service(
        "delivery-times",
        (("1.4", 10_000, _delivery),),
        {"route_km": 2, "parcels": 3, "stops": 8},
        420,
        timedelta(days=3),
        _field_gets_lost,
        is_silent=lambda age: age in OUTAGE,
        metrics=("mae", "r2"),
        watched_fields=("route_km", "stops"),
    ),
    Service(
        "card-fraud-score",
        (("0.9", 10_000, _fraud[0]), ("1.0", FEWER_HELD_BACK_FROM, _fraud[1])),
        {"amount": 3, "merchant_risk": 7, "distance_km": 13},
        480,
        timedelta(days=10),
        as_it_was,
        since_age=75,
        metrics=("recall", "precision", "roc_auc"),
        watched_fields=("distance_km",),
    ),
    Service(
        "demand-forecast",
        (("5.2", 10_000, _demand),),
        {"last_week": 2, "season": 3, "price": 8},
        240,
        timedelta(days=1),
        as_it_was,
        is_silent=lambda age: age <= FEED_FELL_SILENT,
        has_server=False,
        metrics=("mae",),
        watched_fields=(),
    ),
]
