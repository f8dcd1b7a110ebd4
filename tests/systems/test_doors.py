import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from systems.doors import public, rule


def view(request, *args):
    return HttpResponse("in")


def test_a_rule_about_nothing_is_asked_before_the_view_begins(rf, viewer, manager):
    guarded = rule("system.register")(view)
    request = rf.get("/")
    request.user = manager
    assert guarded(request).content == b"in"
    request.user = viewer
    with pytest.raises(PermissionDenied, match=r"Who may: Data scientists and managers\."):
        guarded(request)


def test_a_rule_about_a_thing_is_left_to_the_view(rf, viewer):
    request = rf.get("/")
    request.user = viewer
    assert rule("system.edit")(view)(request).content == b"in"


def test_the_declaration_can_be_read_from_the_view():
    assert rule("read")(view).rules == {"GET": "read", "POST": "read"}
    assert public("Everybody may.")(view).public == "Everybody may."


def test_a_rule_that_is_not_in_the_table_is_refused():
    with pytest.raises(KeyError):
        rule("nonsense")
