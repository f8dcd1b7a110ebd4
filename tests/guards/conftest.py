"""What proves the guards of RELIABILITY 4 that a browser sees."""

import pytest
from django.conf import settings as portal_settings
from django.test import Client


def without(*middleware: str) -> list[str]:
    """Return MIDDLEWARE but for those whose name ends so."""
    return [one for one in portal_settings.MIDDLEWARE if not one.endswith(middleware)]


class Browser(Client):
    """A browser as the portal sees it: what breaks comes back as an answer; of files it reads the headers."""

    def request(self, **asked):
        answer = super().request(**asked)
        if answer.streaming:
            answer.close()
        return answer


@pytest.fixture
def browser():
    return Browser(raise_request_exception=False)


@pytest.fixture
def static_file(settings, tmp_path):
    """The address of a static file that is collected, as on a server."""
    (tmp_path / "style.css").write_text("p {}")
    settings.STATIC_ROOT = tmp_path
    return "/static/style.css"
