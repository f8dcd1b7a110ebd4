"""Where a request comes from: what our own proxies saw, never what the caller wrote (S16)."""

from ipaddress import ip_address

from django.conf import settings


def caller_address(request) -> str:
    """Return the address of whoever asks; empty where the web server knows none.

    Each proxy of ours (PORTAL_TRUSTED_PROXIES of them) has put whom it saw at the end of X-Forwarded-For; what stands
    before these, anybody can write.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    seen = [*request.headers.get("X-Forwarded-For", "").split(","), peer]
    told = seen[-1 - settings.TRUSTED_PROXIES :][0].strip()
    return told if _is_address(told) else peer


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
