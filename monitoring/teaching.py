"""Examples that teach how values come in: each is accepted as it stands, but for the token and the address."""

import json
import shlex
from dataclasses import dataclass
from datetime import datetime

from mlops_portal.engine.plain_yaml import write_yaml
from monitoring.connectors.connector import Connector
from monitoring.models import Metric
from systems.models import System

PUSH = "push"
TOKEN = "$PORTAL_TOKEN"  # noqa: S105  a name, filled in by the reader's shell
SOURCE_ID = "ID OF THE SOURCE"
FIRST = {"key": "accuracy", "kind": "quality", "unit": "share", "direction": "higher"}


@dataclass(frozen=True)
class Example:
    """A text to copy, with what it is and what it does."""

    title: str
    about: str
    text: str


def examples_of(connector: Connector, system: System, *, root: str) -> list[Example]:
    """Return how a source of this kind is connected by file and by program; `root` is the API's address."""
    example, name = connector.example, connector.title
    source = {"name": name, "kind": connector.kind, "settings": example["settings"], "interval_s": 60}
    watched = example.get("metric", FIRST) | {"series": [{"source": name, "selector": example["selector"]}]}
    file = write_yaml({"version": 1, "sources": [source], "metrics": [watched]})
    secret = {"credentials": example["credentials"]} if example["credentials"] else {}
    body = {"system": system.slug} | source | secret
    return [
        Example(
            "An example in the system's file",
            "To be added to the sources and metrics in mlsystem.yaml; a file never holds credentials.",
            file,
        ),
        Example(
            "The same by a program",
            "First as a test, which keeps nothing and shows what there is; sent to sources/ alone it is kept.",
            _curl(f"{root}sources/test/", body),
        ),
        Example(
            "And then what to watch of it",
            "With the id that the source was given, and a selector: one that the test found, or one of your own.",
            _curl(f"{root}metrics/", _metric(example, system)),
        ),
    ]


def _metric(example: dict, system: System) -> dict:
    named = {"system": system.slug} | example.get("metric", FIRST)
    return named | {"source": SOURCE_ID, "selector": example["selector"]}


def pushed_metric(system: System) -> Metric | None:
    """Return the metric to teach with: the first of the system that no source brings, the leading one before others."""
    return system.metrics.filter(series__source=None).order_by("-leading", "kind", "key").first()


def examples_of_pushing(system: System, metric: Metric | None, *, root: str, at: datetime) -> list[Example]:
    """Return how values are pushed, for this system; `at` is now."""
    key = metric.key if metric else FIRST["key"]
    point = {"system": system.slug, "metric": key, "at": at.isoformat(timespec="seconds"), "value": 0.91}
    lines = "\n".join(json.dumps(point | {"segment": f"region={region}"}) for region in ("EU", "US"))
    made = [] if metric else [
        Example("Make the metric", "Once.", _curl(f"{root}metrics/", {"system": system.slug} | FIRST))
    ]  # fmt: skip
    return [
        *made,
        Example("Push a value", "Up to 10,000 points at once.", _curl(f"{root}ingest/", {"points": [point]})),
        Example(
            "Many at once, a line each",
            "Up to 50,000 lines of at most 10 MB; here of two segments, which are made by it.",
            _curl(f"{root}ingest/", lines, "application/x-ndjson"),
        ),
        Example("From Python", "With nothing but the standard library.", _python(f"{root}ingest/", point)),
    ]


def _curl(url: str, body: dict | str, content_type: str = "application/json") -> str:
    said = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)
    return (
        f"curl {url} \\\n"
        f'  -H "Authorization: Bearer {TOKEN}" \\\n'
        f"  -H 'Content-Type: {content_type}' \\\n"
        f"  --data-binary {shlex.quote(said)}"
    )


def _python(url: str, point: dict) -> str:
    return f"""import json, os, urllib.request
from datetime import datetime, timezone

point = {{
    "system": "{point["system"]}",
    "metric": "{point["metric"]}",
    "at": datetime.now(timezone.utc).isoformat(),
    "value": 0.91,
    "samples": 1200,
}}
request = urllib.request.Request(
    "{url}",
    data=json.dumps({{"points": [point]}}).encode(),
    headers={{
        "Authorization": f"Bearer {{os.environ['PORTAL_TOKEN']}}",
        "Content-Type": "application/json",
    }},
)
print(urllib.request.urlopen(request).read().decode())"""
