"""A running portal with people, a team and a model whose predictions are written to a log: what a path begins with."""

import csv
import http.client
import json
import random
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlops_portal.demo.server import ModelServer
from mlops_portal.demo.services import SERVICES
from mlops_portal.startup.embedded import ROOT
from tests.faults.running import RunningPortal, free_port

PASSWORD = "a-long-test-password"
ROWS_AN_HOUR = 200
ASKED = "churn-forecast"


def free_place() -> str:
    """Return host:port on loopback where nobody listens."""
    return f"127.0.0.1:{free_port()}"


@dataclass
class PathPortal(RunningPortal):
    """A portal that may read the logs in `logs`, and ask the model server at `model_server` (host:port)."""

    logs: Path = field(kw_only=True)
    model_server: str = field(kw_only=True)

    def environment(self) -> dict[str, str]:
        own = {"PORTAL_LOG_ROOTS": str(self.logs), "PORTAL_EGRESS_ALLOW_LOCAL": self.model_server}
        return super().environment() | own

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command_of(self, *arguments: str, given: str = "") -> str:
        """Run a command of manage.py beside the portal and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def add_person(self, username: str, group: str, *, team: str = "") -> None:
        of_team = ["--team", team] if team else []
        mail = ["--email", f"{username}@portal.test", "--password-stdin"]
        self.command_of("person", username, "--group", group, *of_team, *mail, given=PASSWORD + "\n")

    def sign_in(self, page, username: str) -> None:
        """Sign in by the form, as people do."""
        page.goto(f"{self.address}/accounts/login/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.address}/")

    def mails_to(self, username: str) -> list[str]:
        """Return the mails in the folder that are addressed to the person."""
        mails = [file.read_text() for file in (self.servers.data_dir / "mail").glob("*")]
        return [mail for mail in mails if f"{username}@portal.test" in mail]


@dataclass
class Api:
    """Somebody who calls the API of a running portal with a token."""

    portal: PathPortal
    username: str
    token: str = field(init=False)

    def __post_init__(self) -> None:
        scopes = [part for scope in ("read", "write", "admin", "review") for part in ("--scope", scope)]
        self.token = self.portal.command_of("token", self.username, *scopes)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Return the answer's body. Raises AssertionError, with what was said, when it is no success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1/{path}", json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert response.status < 300, f"{method} {path}: {response.status} {text}"
        return json.loads(text) if text else {}

    def get(self, path: str) -> dict:
        return self.ask("GET", path)

    def post(self, path: str, body: dict | None = None) -> dict:
        return self.ask("POST", path, body or {})

    def put(self, path: str, body: dict) -> dict:
        return self.ask("PUT", path, body)


@contextmanager
def model_served_at(place: str):
    """Serve the demo's model of churn at `place` (host:port), and ask it for predictions all the while."""
    server = ModelServer([one for one in SERVICES if one.slug == ASKED], int(place.rpartition(":")[2]))
    server.start()
    over = threading.Event()
    asking = threading.Thread(target=_ask_until, args=(over, server.address), daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
        server.stop()


def _ask_until(over: threading.Event, address: str) -> None:
    columns = next(one for one in SERVICES if one.slug == ASKED).versions[0][2].held_out[0].shape[1]
    body = json.dumps({"rows": [[0.0] * columns] * 5}).encode()
    while not over.wait(0.5):
        with urllib.request.urlopen(f"{address}/predict/{ASKED}", body, timeout=5) as answer:
            answer.read()


def hours_ago(count: int) -> datetime:
    """Return the beginning of the hour `count` hours before the present one."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=count)


def write_hour(log: Path, begins: datetime, share_right: float, *, rows: int = ROWS_AN_HOUR) -> None:
    """Append the predictions of one hour to `log`, with their labels, of which `share_right` were met, within 1 %."""
    chance = random.Random(begins.isoformat())
    right = set(chance.sample(range(rows), round(rows * (share_right + chance.uniform(-0.01, 0.01)))))
    is_new = not log.exists()
    with open(log, "a", newline="") as file:
        write = csv.writer(file)
        if is_new:
            write.writerow(["at", "prediction", "label", "region"])
        for n in range(rows):
            label = chance.randrange(2)
            prediction = label if n in right else 1 - label
            at = begins + timedelta(seconds=n * 3600 / rows)
            write.writerow([at.isoformat(), prediction, label, chance.choice(["EU", "US"])])
