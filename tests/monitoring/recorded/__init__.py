"""Metrics pages of model servers, as the fast tests read them.

`mlserver`, `bentoml` and `prometheus` were recorded from the programs; `manage.py test peers` holds them against the
programs again. The others are written down from what the servers' documentation names.
"""

from pathlib import Path

RECORDED = Path(__file__).parent


def recorded(name: str) -> str:
    """Return the page of a server."""
    return (RECORDED / f"{name}.txt").read_text()
