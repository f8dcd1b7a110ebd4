"""How allauth behaves here: nobody signs up by themselves; the account's owner is told nothing by strangers' tries."""

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.http import url_has_allowed_host_and_scheme


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """People are added by administrators (`manage.py person`), never by themselves."""
        return False

    def is_safe_url(self, url):
        """Whether one may be sent on to `url`: a path of the portal, never a whole address (S21)."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)
