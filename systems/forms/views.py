"""The form by which a person keeps a view of the registry."""

from urllib.parse import parse_qsl

from django import forms
from django.http import QueryDict

from systems.actions.views import kept_query
from systems.filters import SystemFilter
from systems.models import System
from systems.models.saved_view import LONGEST_NAME, LONGEST_QUERY
from systems.models.words import words_are_seen


class ViewForm(forms.Form):
    name = forms.CharField(max_length=LONGEST_NAME, validators=[words_are_seen])
    query = forms.CharField(max_length=LONGEST_QUERY)

    def clean_query(self) -> str:
        """Return the query string, which the list must understand."""
        given = self.cleaned_data["query"]
        unknown = {name for name, _ in parse_qsl(given)} - {*SystemFilter.base_filters, "page", "format"}
        asked = QueryDict(given)
        if unknown or not SystemFilter(asked, System.objects.with_status()).is_valid():
            raise forms.ValidationError("The list does not understand what is asked here.")
        return kept_query(asked)
