"""Units behind numbers."""

BARE = ("share", "ratio", "score")  # of these the number says it all


def said(unit: str) -> str:
    """Return the unit as it stands behind a number; shares, ratios and scores have none."""
    return "" if unit in BARE else unit
