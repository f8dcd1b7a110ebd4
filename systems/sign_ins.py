"""Signing in and failing to, on the audit trail (S37): one row each."""

from django.contrib.auth.signals import user_logged_in, user_login_failed

from mlops_portal.engine.audit import record
from mlops_portal.engine.callers import caller_address
from systems.models import Person

UNKNOWN = "an unknown name"  # what was typed is not kept: it may be somebody's password in the wrong field


def connect() -> None:
    """Listen to Django's own signals; called once, when the app is ready."""
    user_logged_in.connect(note_sign_in, dispatch_uid="note_sign_in")
    user_login_failed.connect(note_failure, dispatch_uid="note_failure")


def note_sign_in(sender, user, request=None, **kwargs) -> None:
    record(by=user, verb="signed_in_as", kind="session", object=user.username, after=_from(request))


def note_failure(sender, credentials, request=None, **kwargs) -> None:
    person = Person.objects.filter(username__iexact=credentials.get("username") or "").first()
    name = person.username if person else UNKNOWN
    record(by=None, verb="failed_to_sign_in_as", kind="session", object=name, after=_from(request))


def _from(request) -> dict | None:
    address = caller_address(request) if request else ""
    return {"address": address} if address else None
