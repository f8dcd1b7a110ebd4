"""`If-Match: "<version>"`: whoever writes may say which version they saw."""

import re

from rest_framework.exceptions import ValidationError

_VERSION = re.compile(r'"([0-9]{1,9})"')


def seen_version(request) -> int | None:
    """Return the version that the request names, or None when it does not care. Raises ValidationError for else."""
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    match = _VERSION.fullmatch(given)
    if match is None:
        raise ValidationError({"If-Match": ['Write the version in quotes, such as "3", or *.']})
    return int(match[1])
