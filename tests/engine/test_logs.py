"""Logs: one line an event, whatever is logged (RELIABILITY S30)."""

import contextlib
import json
import logging
import socket
import subprocess
import sys
import time

import pytest
import structlog

from mlops_portal.startup.embedded import ROOT
from tests.logged import logged
from tests.protections import protects

FORGED = 'x\r\n{"event": "forged"}\n\x1b[31mred\x1b[0m \x9b31m \u2028 \u2029 \x00 \x7f \x85'


def _structured():
    structlog.get_logger("portal").info(FORGED, path=FORGED, **{FORGED: FORGED})


def _plain():
    logging.getLogger("library").warning("got %s", FORGED, extra={"where": FORGED})


def _raised():
    try:
        raise ValueError(FORGED)
    except ValueError:
        structlog.get_logger("portal").exception("failed")


def _bound():
    with structlog.contextvars.bound_contextvars(request_id=FORGED):
        logging.getLogger("gunicorn.error").error(FORGED)


def _as_text(logger, name, event):
    return " ".join(f"{key}={value}" for key, value in event.items())


@protects("S30", off={"mlops_portal.engine.logs.as_one_line": _as_text})
@pytest.mark.parametrize("act", [_structured, _plain, _raised, _bound])
def test_no_text_begins_another_line_or_colours_a_terminal(act):
    with logged() as lines:
        act()
    text = lines.getvalue()
    assert text.endswith("\n")
    assert text[:-1].isascii()
    assert text[:-1].isprintable()
    assert json.loads(text)["level"]


@protects("S30", off={"mlops_portal.engine.logs.as_one_line": _as_text})
def test_a_request_cannot_write_lines_of_its_own(client, viewer):
    client.force_login(viewer)
    with logged() as lines:
        client.get("/systems/%0d%0a%7B%22event%22:1%7D%1b[31m/", headers={"X-Request-ID": "a\r\nb" * 3})
    assert lines.getvalue().count("\n") == 1
    assert json.loads(lines.getvalue())["event"] == "request"


@pytest.mark.parametrize("text", ["broken %s %s", "%(x)s", "{0.__class__}"])
def test_a_users_text_is_no_format_of_the_log(text):
    with logged() as lines:
        structlog.get_logger("portal").warning(text, given=text)
    assert json.loads(lines.getvalue())["event"] == text


def test_a_web_process_writes_nothing_but_events(tmp_path):
    options = ["--bind", f"unix:{tmp_path}/web", "--no-control-socket", "--worker-tmp-dir", str(tmp_path)]
    command = [sys.executable, "-m", "gunicorn", "wsgiref.simple_server:demo_app", *options]
    with open(tmp_path / "log", "w+") as log:
        web = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log)
        try:
            _send(tmp_path / "web", b"GET /\x1b[31m HTTP/9\r\n\r\n")
        finally:
            web.terminate()
            web.wait(timeout=20)
        log.seek(0)
        assert {json.loads(line)["logger"] for line in log} == {"gunicorn.error"}


def _send(place, request: bytes) -> None:
    for _ in range(200):
        with socket.socket(socket.AF_UNIX) as peer, contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            peer.settimeout(10)
            peer.connect(str(place))
            peer.sendall(request)
            peer.recv(1000)
            return
        time.sleep(0.05)
    raise AssertionError("it did not begin to listen")
