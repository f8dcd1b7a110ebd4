import socket

import pytest

from mlops_portal.startup import preparation
from mlops_portal.startup.embedded import kept_secret
from mlops_portal.startup.portal import who_signs_in


def test_second_up_is_told_where_the_first_one_is(tmp_path):
    with (
        preparation.take_lock(tmp_path, "http://127.0.0.1:8000"),
        pytest.raises(preparation.CannotStart, match=r"running already: http://127\.0\.0\.1:8000 \(process \d+\)"),
    ):
        preparation.take_lock(tmp_path, "http://127.0.0.1:8001")


def test_lock_is_free_after_the_first_up(tmp_path):
    preparation.take_lock(tmp_path, "http://127.0.0.1:8000/long").close()
    preparation.take_lock(tmp_path, "http://127.0.0.1:8001").close()
    assert (tmp_path / "up.lock").read_text().endswith('8001"}')


def test_the_people_of_the_demo_are_awaited_at_its_first_start_alone(tmp_path):
    first, second = who_signs_in(tmp_path), who_signs_in(tmp_path)
    assert "(as soon as the demo says below that they can)" in first
    assert second == first.replace(" (as soon as the demo says below that they can)", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "portal.example", "::"])
def test_embedded_shape_refuses_a_host_beyond_loopback(settings, host):
    settings.IS_EMBEDDED = True
    with pytest.raises(preparation.CannotStart, match="DATABASE_URL"):
        preparation.refuse_public_host(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_embedded_shape_takes_loopback(settings, host):
    settings.IS_EMBEDDED = True
    preparation.refuse_public_host(host)


def test_taken_port_is_named_with_the_flag_that_helps():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(preparation.CannotStart, match=f"{port}.*--port {port + 1}"):
            preparation.refuse_taken_port("127.0.0.1", port)


def test_static_files_are_collected_once_and_again_when_one_changes(tmp_path, settings):
    source = tmp_path / "source"
    source.mkdir()
    (source / "own.css").write_text("a {}")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], tmp_path / "collected"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    assert preparation.collect_static_files(tmp_path)
    assert not preparation.collect_static_files(tmp_path)
    (source / "own.css").write_text("b {}")
    assert preparation.collect_static_files(tmp_path)


def test_kept_secret_stays_and_is_private(tmp_path):
    secret = kept_secret(tmp_path / "secret-key")
    assert len(secret) >= 50
    assert kept_secret(tmp_path / "secret-key") == secret
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
