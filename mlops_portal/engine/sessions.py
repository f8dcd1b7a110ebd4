"""Sessions in the database under a hash of their key: who reads the table cannot sign in with it (RELIABILITY S29)."""

import hashlib

from django.contrib.sessions.backends import db
from django.utils import timezone


def kept_as(key: str | None) -> str | None:
    """Return under which name the session of a cookie stands in the table."""
    return key and hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's own, but for the name of the row."""

    def _get_session_from_db(self):
        alive = self.model.objects.filter(expire_date__gt=timezone.now())
        row = alive.filter(session_key=kept_as(self.session_key)).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key):
        return super().exists(kept_as(session_key))

    def create_model_instance(self, data):
        row = super().create_model_instance(data)
        row.session_key = kept_as(row.session_key)
        return row

    def delete(self, session_key=None):
        super().delete(kept_as(session_key or self.session_key))
