"""Tokens: made, and recognised at the door of the API (header only, RELIABILITY S26)."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from mlops_portal.engine.audit import record
from systems.models import Token

USE_STAMPED_EVERY = timedelta(minutes=1)
_FORM = re.compile(r"mlp_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def make_token(*, person, scopes: list[str], by, name: str = "", expires_at: datetime | None = None):
    """Return (token row, its text). The text is known only now: the row keeps its hash."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    token = Token.objects.create(
        person=person, name=name, prefix=prefix, hash=_hash(secret), scopes=scopes, expires_at=expires_at
    )
    record(by=by, verb="made", kind="token", object=prefix, after={"person": person.username, "scopes": scopes})
    return token, f"mlp_{prefix}_{secret}"


@transaction.atomic
def revoke_token(*, token: Token, by, at: datetime) -> None:
    """End the token at once; once is enough."""
    if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        record(by=by, verb="revoked", kind="token", object=token.prefix)


def find_token(text: str) -> Token | None:
    """Return the living token that `text` spells, or None; stamps its use about once a minute."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    prefix, secret = form.groups()
    token = Token.objects.alive().select_related("person").filter(prefix=prefix).first()
    if token is None or not hmac.compare_digest(token.hash, _hash(secret)):
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USE_STAMPED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer mlp_…`; sets request.auth to the Token."""

    def authenticate(self, request):
        kind, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = find_token(text.strip())
        if token is None:
            raise AuthenticationFailed("This token is not known, has expired or was revoked.")
        return token.person, token

    def authenticate_header(self, request):
        return "Bearer"
