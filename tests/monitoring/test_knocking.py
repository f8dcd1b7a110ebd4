import socket
import threading

import pytest

from monitoring import knocking
from monitoring.knocking import NobodyAnswers, knock_at


@pytest.fixture
def door():
    """A listening socket that answers each caller with the bytes it is given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def _answer(server, text):
    def serve():
        caller, _ = server.accept()
        with caller:
            caller.recv(1000)
            caller.sendall(text)

    threading.Thread(target=serve, daemon=True).start()


def _url(server):
    return f"http://127.0.0.1:{server.getsockname()[1]}/healthz/live"


def test_a_door_that_answers_is_fine(door):
    _answer(door, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    knock_at(_url(door))


def test_a_door_that_answers_with_an_error_is_not(door):
    _answer(door, b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(NobodyAnswers, match="answered 500"):
        knock_at(_url(door))


def test_a_door_that_speaks_something_else_is_not(door):
    _answer(door, b"220 mail.example ESMTP\r\n")
    with pytest.raises(NobodyAnswers, match="did not answer"):
        knock_at(_url(door))


def test_a_door_that_keeps_silent_is_not_waited_for(door, monkeypatch):
    monkeypatch.setattr(knocking, "DEADLINE_S", 0.2)
    with pytest.raises(NobodyAnswers, match="did not answer"):
        knock_at(_url(door))
