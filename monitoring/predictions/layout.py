"""How a log is laid out: which columns hold what, and which windows are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from monitoring.predictions.windows import LENGTHS

FORMATS = ("csv", "parquet")
TASKS = ("binary", "multiclass", "regression")
# column: what stands in it, for the page that connects and the schema
SINGLE = {
    "id": "what labels are joined by",
    "at": "when it was predicted",
    "prediction": "what was predicted",
    "score": "of a binary task: how likely the positive class is, from 0 to 1",
    "label": "what turned out to be true",
    "version": "which version of the model answered",
}
SEVERAL = {
    "segments": "quality can also be had for each value of these",
    "features": "how often these are empty can be watched; left empty: of every other column",
}
LONGEST_DELAY_S = 366 * 86_400
QUALITY = {
    "binary": ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss"),
    "multiclass": ("accuracy", "precision", "recall", "f1"),
    "regression": ("mae", "rmse", "r2"),
}
COUNTS = ("rows", "label_share")
MISSING = "missing:"
_KNOWN = ("predictions", "labels", "format", "columns", "task", "positive", "window", "label_delay_s")


@dataclass(frozen=True)
class Layout:
    """Settings that were checked."""

    predictions: str
    labels: str
    format: str
    columns: Mapping[str, str]
    segments: tuple[str, ...]
    features: tuple[str, ...]
    task: str
    positive: str
    window: str
    label_delay: timedelta

    @classmethod
    def of(cls, settings: dict) -> "Layout":
        """Return the layout that settings say, which `checked` returned."""
        columns = settings["columns"]
        return cls(
            predictions=settings["predictions"],
            labels=settings.get("labels", ""),
            format=settings["format"],
            columns={name: columns[name] for name in SINGLE if columns.get(name)},
            segments=tuple(columns.get("segments", ())),
            features=tuple(columns.get("features", ())),
            task=settings["task"],
            positive=settings.get("positive", ""),
            window=settings["window"],
            label_delay=timedelta(seconds=settings["label_delay_s"]),
        )

    def needed(self, metric: str) -> tuple[str, ...]:
        """Return the columns of the predictions without which there is no such metric."""
        if metric in ("rows", "label_share") or metric.startswith(MISSING):
            return (self.columns["at"],)
        by_score = metric in ("roc_auc", "log_loss")
        wanted = ["at", "score" if by_score else "prediction", "id" if self.labels else "label"]
        return tuple(self.columns[name] for name in wanted)

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics of quality that these columns allow."""
        possible = QUALITY[self.task] if "label" in self.columns else ()
        with_score = "score" in self.columns
        return tuple(name for name in possible if with_score or name not in ("roc_auc", "log_loss"))


def checked(settings: dict) -> tuple[dict, dict[str, list[str]]]:
    """Return (the settings with their defaults, what is wrong with them by dotted path)."""
    errors: dict[str, list[str]] = {}
    errors |= {name: ["There is no such setting."] for name in settings if name not in _KNOWN}
    whole = {"window": "day", "label_delay_s": 0, **settings}
    for name in ("predictions", "labels", "positive"):
        whole[name] = str(whole.get(name) or "")
    if not whole["predictions"]:
        errors["predictions"] = ["Name a file, or a folder of files."]
    whole["format"] = whole.get("format") or ("parquet" if whole["predictions"].endswith(".parquet") else "csv")
    for name, choices in (("format", FORMATS), ("task", TASKS), ("window", tuple(LENGTHS))):
        if whole.get(name) not in choices:
            errors[name] = [f"Choose one of {', '.join(choices)}."]
    if not _is_delay(whole["label_delay_s"]):
        errors["label_delay_s"] = ["Give the seconds after which labels are complete, from 0 to 31622400."]
    whole["columns"] = _columns(whole.get("columns"), bool(whole["labels"]), errors)
    if whole.get("task") == "binary":
        whole["positive"] = whole["positive"] or "1"
    return whole, errors


def _is_delay(seconds: object) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return False
    return 0 <= seconds <= LONGEST_DELAY_S


def _columns(given: object, has_labels: bool, errors: dict[str, list[str]]) -> dict:
    if not isinstance(given, dict):
        errors["columns"] = ["Say which column holds what."]
        return {}
    columns = {name: value for name, value in given.items() if value}
    for name, value in columns.items():
        if name in SINGLE and not isinstance(value, str):
            errors[f"columns.{name}"] = ["Give the name of one column."]
        elif name in SEVERAL and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            errors[f"columns.{name}"] = ["Give a list of names of columns."]
        elif name not in SINGLE | SEVERAL:
            errors[f"columns.{name}"] = ["There is no such setting."]
    for name in ("at", "prediction", *(("id", "label") if has_labels else ())):
        if name not in columns:
            errors.setdefault(f"columns.{name}", ["Name the column."])
    return columns
