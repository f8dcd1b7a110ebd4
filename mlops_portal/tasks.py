"""Duties of the roof."""

from mlops_portal.engine.duties import duty
from mlops_portal.heartbeat import beat_if_well


@duty(queue="tell", every_s=30)
def beat_out() -> int:
    """Tell the outside eye that every other duty is on time; silence is what it hears otherwise."""
    return int(beat_if_well())
