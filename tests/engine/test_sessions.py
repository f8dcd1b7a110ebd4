"""The table of sessions holds nothing that signs anybody in (RELIABILITY S29)."""

from django.conf import settings as portal
from django.contrib.sessions.models import Session

from mlops_portal.engine.sessions import SessionStore
from tests.protections import protects


@protects("S29", off={"mlops_portal.engine.sessions.kept_as": lambda key: key})
def test_what_stands_in_the_table_signs_nobody_in(client, viewer):
    client.force_login(viewer)
    client.cookies[portal.SESSION_COOKIE_NAME] = Session.objects.get().session_key
    assert client.get("/").status_code == 302


def test_a_session_lives_by_its_cookie_until_it_is_ended(client, viewer):
    client.force_login(viewer)
    assert client.get("/").status_code == 200
    cookie = client.cookies[portal.SESSION_COOKIE_NAME].value
    assert SessionStore().exists(cookie)
    client.logout()
    assert not Session.objects.exists()
    client.cookies[portal.SESSION_COOKIE_NAME] = cookie
    assert client.get("/").status_code == 302


def test_a_new_key_takes_the_session_along(db):
    store = SessionStore()
    store["a"] = 1
    store.save()
    old = store.session_key
    store.cycle_key()
    assert SessionStore(store.session_key)["a"] == 1
    assert not SessionStore().exists(old)
