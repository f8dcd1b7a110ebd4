"""Each token, and each person without one, has so many requests a minute, counted over all web processes."""

import structlog
from redis.exceptions import RedisError
from rest_framework.throttling import UserRateThrottle

log = structlog.get_logger(__name__)


class PerCaller(UserRateThrottle):
    def get_ident(self, request):
        return request.META.get("REMOTE_ADDR", "")

    def get_cache_key(self, request, view):
        who = f"token-{request.auth.pk}" if request.auth else f"person-{request.user.pk}"
        return self.cache_format % {"scope": self.scope, "ident": who}

    def allow_request(self, request, view) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:  # the count is a courtesy: a lost cache must not close the door
            log.warning("requests are not counted: the cache does not answer")
            return True
