"""What is guessed of a metric by its name alone, in the words of the field."""

import re

# name, unit, scale, direction, means
QUALITY = {
    "accuracy": ("Accuracy", "share", "rate", "higher", "The share of predictions that turned out to be right."),
    "precision": ("Precision", "share", "rate", "higher", "When it says yes, how often that is right."),
    "recall": ("Recall", "share", "rate", "higher", "Of all the cases that there were, the share that it found."),
    "f1": ("F1", "score", "unit", "higher", "Precision and recall in one figure; low when either is low."),
    "roc_auc": ("ROC AUC", "score", "unit", "higher", "How well its scores tell yes from no; 0.5 is a coin toss."),
    "log_loss": ("Log loss", "", "positive", "lower", "How far its probabilities are from what happened."),
    "mae": ("Mean absolute error", "", "positive", "lower", "By how much a prediction is off, on average."),
    "rmse": ("Root mean squared error", "", "positive", "lower", "As the mean error, but large misses weigh more."),
    "r2": ("R²", "", "real", "higher", "The share of the differences that it explains; 0 is no better than the mean."),
}
ALSO = {"auc": "roc_auc", "auroc": "roc_auc", "f1_score": "f1", "logloss": "log_loss", "acc": "accuracy"}
UNITS = {"seconds": "s", "milliseconds": "ms", "ms": "ms", "microseconds": "µs", "us": "µs", "bytes": "bytes"}
_LOWER = re.compile(r"error|fail|latency|duration|queue|pending|waiting|loss|missing|age", re.IGNORECASE)


def quality_of(name: str) -> str:
    """Return the key in QUALITY that a name speaks for, "" for none; its last words decide: val_roc_auc is roc_auc."""
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    known = sorted([*QUALITY, *ALSO], key=len, reverse=True)
    found = next((one for one in known if words == one or words.endswith(f"_{one}")), "")
    return ALSO.get(found, found)


def unit_of(name: str) -> str:
    """Return the unit that the last word of a name says, "" for none."""
    return UNITS.get(name.lower().rpartition("_")[2], "")


def is_better_low(name: str) -> bool:
    """Whether a name speaks of what there should be little of."""
    return bool(_LOWER.search(name)) or unit_of(name) not in ("", "bytes")


def key_of(*words: str, longest: int = 80) -> str:
    """Return words as the key of a metric; "series" when nothing of them is left."""
    return re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")[:longest].rstrip("_") or "series"
