"""How allauth behaves here: nobody signs up by themselves, and whoever guesses passwords is soon refused (S16).

Wrong tries are counted for each address and for each account (settings.ACCOUNT_RATE_LIMITS), in the cache that all web
processes share. A browser in which somebody has signed in before has a count of its own for that account: so a
stranger's guesses do not keep its owner out.
"""

from secrets import token_urlsafe

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core import signing
from django.utils.http import url_has_allowed_host_and_scheme

from mlops_portal.engine.callers import caller_address

KNOWN_FOR_S = 365 * 86400
SALT = "known browser"


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """People are added by administrators (`manage.py person`), never by themselves."""
        return False

    def is_safe_url(self, url):
        """Whether one may be sent on to `url`: a path of the portal, never a whole address (S21)."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request):
        """The address that tries are counted for; empty, for all of them together, where none is known."""
        return caller_address(request)

    def _get_login_attempts_cache_key(self, request, **credentials):
        """What the tries on an account are counted under; the host of the address is the caller's to choose."""
        account = same_for_the_database(credentials.get("username", ""))
        return f"{account} {known_browser(request, account)}"

    def post_login(self, request, user, **said):
        """Answer, and know this browser again."""
        response = super().post_login(request, user, **said)
        account = same_for_the_database(user.username)
        if not known_browser(request, account):
            known = signing.dumps([account, token_urlsafe(16)], salt=SALT)
            response.set_cookie(settings.KNOWN_BROWSER_COOKIE_NAME, known, **_how_long_and_where())
        return response


def same_for_the_database(username: str) -> str:
    """Return the same text for all spellings in which the database finds the same person: it compares capitals."""
    return username.strip().upper()


def known_browser(request, account: str) -> str:
    """Return the name of the browser if somebody has signed in to `account` in it before, else an empty one."""
    try:
        cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
        owner, browser = signing.loads(cookie, salt=SALT, max_age=KNOWN_FOR_S)
    except signing.BadSignature:
        return ""
    return browser if owner == account else ""


def _how_long_and_where() -> dict:
    return {"max_age": KNOWN_FOR_S, "secure": settings.SESSION_COOKIE_SECURE, "httponly": True, "samesite": "Lax"}
