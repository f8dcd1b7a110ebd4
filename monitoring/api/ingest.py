"""Points that programs push: batch jobs, notebooks, and whatever computes quality by itself."""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache

import orjson
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from mlops_portal.engine.api.fields import Choice, Integer, Moment, Number, Text, Truth
from mlops_portal.engine.api.parsing import StrictJSONParser, read_within_limit
from mlops_portal.engine.api.permissions import Door
from mlops_portal.engine.api.serializers import Strict
from mlops_portal.engine.api.views import Resource
from monitoring.actions.ingesting import Ingested, Pushed, ingest
from monitoring.connectors.connector import Reading
from systems.actions.versions import LONGEST_NAME
from systems.api.permissions import ByRule
from systems.models import Scope

MOST = 10_000  # points at once, as lines five times as many
MOST_LINES = 5 * MOST
LONGEST_SEGMENT, LONGEST_REASON = 200, 300
MOST_SAMPLES = 2**63 - 1
NEEDED = {"system", "metric", "at", "value"}
KNOWN = NEEDED | {"samples", "segment", "version", "maturity", "correct", "reason"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_SEGMENT = re.compile(r"[^=,\x00]+=[^=,\x00]*(,[^=,\x00]+=[^=,\x00]*)*")


class BadPoint(ValueError):
    """A point that cannot be kept; the text is one sentence why."""


class PushedPoint(Strict):
    """One value of a metric at a time. A final value is replaced only with `correct` and a reason."""

    system = Text(max_length=80)
    metric = Text(max_length=80)
    at = Moment()
    value = Number()
    samples = Integer(min_value=0, max_value=MOST_SAMPLES, required=False)
    segment = Text(max_length=LONGEST_SEGMENT, allow_blank=True, required=False, help_text="name=value,…")
    version = Text(max_length=LONGEST_NAME, allow_blank=True, required=False)
    maturity = Choice(["provisional", "final"], required=False)
    correct = Truth(required=False)
    reason = Text(max_length=LONGEST_REASON, allow_blank=True, required=False)


class PushedPoints(Strict):
    """Up to 10,000 points; as `application/x-ndjson` one point a line, without the outer object."""

    points = PushedPoint(many=True)


class Rejection(serializers.Serializer):
    index = serializers.IntegerField(help_text="Of the point, from 0 on.")
    why = serializers.CharField()


class IngestedShape(serializers.Serializer):
    """What became of the points. Good ones are kept, whatever the others are."""

    accepted = serializers.IntegerField(help_text="New, or in the place of another.")
    duplicates = serializers.IntegerField()
    replaced = serializers.IntegerField()
    conflicts = serializers.IntegerField(help_text="Other than a final value, which stays.")
    rejected = Rejection(many=True)


class LinesParser(BaseParser):
    """For `application/x-ndjson`: a point a line. A line that is no JSON stands as its text, so that it is rejected."""

    media_type = "application/x-ndjson"

    def parse(self, stream, media_type=None, parser_context=None):
        lines = read_within_limit(stream, parser_context["request"]).split(b"\n")
        return {"points": [_said(line) for line in lines[: MOST_LINES + 2] if line.strip()]}


def _said(line: bytes):
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return line[:80].decode("utf-8", "replace")


class Ingest(Resource):
    """`POST ingest/`"""

    permission_classes = [ByRule]
    parser_classes = [StrictJSONParser, LinesParser]
    serializer_class = IngestedShape
    doors = {"create": Door(Scope.INGEST, "read", takes=PushedPoints, gives=IngestedShape)}

    def create(self, request) -> Response:
        """Take points; each good one is kept, each bad one told why."""
        now, good, bad = timezone.now(), [], {}
        for index, said in enumerate(_points_of(request.data, MOST_LINES if _is_lines(request) else MOST)):
            try:
                good.append(read_point(index, said))
            except BadPoint as wrong:
                bad[index] = str(wrong)
        done = ingest(good, by=request.user, at=now)
        return Response(_shown(done, bad))


def _is_lines(request) -> bool:
    return request.content_type.partition(";")[0].strip() == LinesParser.media_type


def _points_of(body, most: int) -> list:
    if not isinstance(body, dict) or not isinstance(body.get("points"), list):
        raise ValidationError({"points": ["Send {“points”: […]}, or lines of points as application/x-ndjson."]})
    if strange := set(body) - {"points"}:
        raise ValidationError({name: ["There is no such field."] for name in sorted(strange)})
    if len(body["points"]) > most:
        raise ValidationError({"points": [f"At most {most:,} points at once."]})
    return body["points"]


def _shown(done: Ingested, bad: dict[int, str]) -> dict:
    rejected = sorted((done.rejected | bad).items())
    counts = {name: getattr(done, name) for name in ("accepted", "duplicates", "replaced", "conflicts")}
    return counts | {"rejected": [{"index": index, "why": why} for index, why in rejected]}


def read_point(index: int, said: object) -> Pushed:
    """Return the point that `said` is. Raises BadPoint."""
    if not isinstance(said, dict):
        raise BadPoint("A point is a JSON object.")
    if not said.keys() <= KNOWN:
        raise BadPoint(f"There is no field {_quoted(min(said.keys() - KNOWN))}.")
    if not said.keys() >= NEEDED:
        raise BadPoint(f"It has no {min(NEEDED - said.keys())}.")
    correction = _correction(said) if "correct" in said or "reason" in said else ""
    system, metric, version = said["system"], said["metric"], said.get("version", "")
    _require_text("system", system, 80)
    _require_text("metric", metric, 80)
    if version != "":
        _require_text("version", version, LONGEST_NAME)
    at, value, samples = _time(said["at"]), _value(said["value"]), _samples(said.get("samples", 0))
    reading = Reading(at, value, samples, _is_final(said), version, correction)
    return Pushed(index, system, metric, _segment(said.get("segment", "")), reading)


def _correction(said: dict) -> str:
    """Return for which reason the point replaces a final value; empty when it does not."""
    correct, reason = said.get("correct", False), said.get("reason", "")
    if not isinstance(correct, bool):
        raise BadPoint("correct is true or false.")
    _require_text("reason", reason, LONGEST_REASON)
    if correct and not reason.strip():
        raise BadPoint("A correction needs a reason.")
    return reason * correct


def _quoted(name: str) -> str:
    return f"“{name[:40]}”".replace("\0", "")


def _require_text(name: str, text: object, longest: int) -> None:
    if not isinstance(text, str) or len(text) > longest or "\0" in text:
        raise BadPoint(f"{name} is a text of at most {longest} characters.")


def _time(said: object) -> datetime:
    at = _time_of(said) if isinstance(said, str) else None
    if at is None:
        raise BadPoint("at is a time as in RFC 3339, with its offset, such as 2026-03-01T09:30:00Z.")
    return at


@lru_cache(1024)  # many series have a point at the same time
def _time_of(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC) if _TIME.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def _value(said: object) -> float:
    if type(said) is float and math.isfinite(said):
        return said
    if type(said) is int and abs(said) < 10**300:
        return float(said)
    raise BadPoint("value is a finite number.")


def _samples(said: object) -> int:
    if type(said) is not int or not 0 <= said <= MOST_SAMPLES:
        raise BadPoint("samples is a whole number, not negative.")
    return said


def _is_final(said: dict) -> bool:
    maturity = said.get("maturity", "final")
    if maturity not in ("final", "provisional"):
        raise BadPoint("maturity is final or provisional.")
    return maturity == "final"


def _segment(said: object) -> str:
    """Return the segment in its canonical form: its parts in the order of their names."""
    if said == "":
        return ""
    if not isinstance(said, str) or len(said) > LONGEST_SEGMENT or not _SEGMENT.fullmatch(said):
        raise BadPoint(f"segment is name=value, several parted by commas, of at most {LONGEST_SEGMENT} characters.")
    return ",".join(sorted(said.split(",")))
