"""Each token, and each person without one, has so many requests a minute (settings.LIMITS["api"])."""

from rest_framework.throttling import BaseThrottle

from mlops_portal.engine.limits import wait_for


class PerCaller(BaseThrottle):
    def allow_request(self, request, view) -> bool:
        who = f"token-{request.auth.pk}" if request.auth else f"person-{request.user.pk}"
        self.wait_s = wait_for("api", who)
        return not self.wait_s

    def wait(self) -> int:
        return self.wait_s
