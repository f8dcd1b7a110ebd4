"""What the machines see, one model a file."""

from monitoring.models.alert import Alert
from monitoring.models.backfill import Backfill
from monitoring.models.baseline import Baseline
from monitoring.models.blindness import Blindness
from monitoring.models.maintenance import Maintenance
from monitoring.models.metric import Metric
from monitoring.models.monitor import Monitor, Snapshot
from monitoring.models.point import Maturity, Point, PointRevision
from monitoring.models.pull import Pull
from monitoring.models.rollup import Rollup
from monitoring.models.series import Series, State
from monitoring.models.source import SchemaSeen, Source

__all__ = [
    "Alert",
    "Backfill",
    "Baseline",
    "Blindness",
    "Maintenance",
    "Maturity",
    "Metric",
    "Monitor",
    "Point",
    "PointRevision",
    "Pull",
    "Rollup",
    "SchemaSeen",
    "Series",
    "Snapshot",
    "Source",
    "State",
]
