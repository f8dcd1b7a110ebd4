"""How allauth behaves here: nobody signs up by themselves; the account's owner is told nothing by strangers' tries."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """People are added by administrators (`manage.py person`), never by themselves."""
        return False
