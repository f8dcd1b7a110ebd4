"""Programs that call the API on behalf of somebody of the cast."""

from rest_framework.test import APIClient

from systems.models import Scope
from systems.tokens import make_token


class Caller(APIClient):
    """Speaks JSON below /api/v1/: `caller(person).get("systems/")`."""

    def generic(self, method, path, *args, **kwargs):
        return super().generic(method, path if path.startswith(("/", "http")) else f"/api/v1/{path}", *args, **kwargs)


def caller(person, *scopes: str) -> Caller:
    """Return a caller with a token of `person` for `scopes` (none given: all)."""
    _, text = make_token(person=person, scopes=list(scopes) or Scope.values, by=person)
    client = Caller()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client
