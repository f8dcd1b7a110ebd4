"""`Idempotency-Key`: the same POST sent twice is done once, and answered alike."""

import hashlib
import json
import re

from django.db import connection, transaction
from django.db.models.functions import Now
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mlops_portal.engine.api.errors import Conflict, OtherRequest
from mlops_portal.engine.models import IdempotencyKey
from mlops_portal.engine.tasks import IDEMPOTENCY_KEPT

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request) -> str | None:
    """Return the key that the request carries, or None. Raises ValidationError for one that is no key."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": ["1 to 200 visible ASCII characters."]})
    return key


@transaction.atomic
def once(key: str, request, act) -> Response:
    """Return what `act()` answers, or answered to this request before.

    What is done and the answer are kept in one transaction, under a lock that ends with it: after a crash in between
    neither is there, and nobody waits for ever. Raises Conflict while the same request is at work, OtherRequest when
    the key came with another one. An error undoes all and keeps nothing.
    """
    person = request.user.username
    if not _locked(f"{person} {key}"):
        raise Conflict("The same request is being worked on at this moment.")
    digest = _digest(request)
    kept = IdempotencyKey.objects.filter(person=person, key=key, at__gt=Now() - IDEMPOTENCY_KEPT).first()
    if kept is None:
        response = act()
        body = json.loads(json.dumps(response.data, default=str))
        answer = {"digest": digest, "status": response.status_code, "body": body, "at": Now()}
        IdempotencyKey.objects.update_or_create(person=person, key=key, defaults=answer)
        return response
    if kept.digest != digest:
        raise OtherRequest()
    return Response(kept.body, kept.status)


def _locked(name: str) -> bool:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return cursor.fetchone()[0]


def _digest(request) -> str:
    said = [request.method, request.get_full_path(), json.dumps(request.data, sort_keys=True)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
