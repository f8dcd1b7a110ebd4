"""Connecting and editing a source."""

from django import forms
from django.conf import settings

from monitoring.connectors.connector import BadSettings, Connector
from monitoring.forms.settings import fields_of, settings_from, typed_from
from monitoring.models import Source
from systems.forms.versioned import Versioned
from systems.models import System

INTERVALS = [
    (10, "10 seconds"),
    (60, "minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (3600, "hour"),
    (6 * 3600, "6 hours"),
    (86400, "day"),
]
PREFIX = "settings."
SECRETS = {
    "bearer": ("Token", "Sent as “Authorization: Bearer …”."),
    "username": ("User name", ""),
    "password": ("Password", ""),
    "header_name": ("Header", "Such as X-API-Key."),
    "header_value": ("Its value", ""),
}


class SourceForm(forms.Form):
    """A source of one kind; `settings.…` fields come from the connector, which has the last word on them."""

    name = forms.CharField(label="Name", max_length=80, help_text="Tells it from the system's other sources.")
    interval_s = forms.TypedChoiceField(label="Ask every", coerce=int, choices=INTERVALS, initial=60)

    def __init__(self, *args, connector: Connector, system: System, source: Source | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.connector, self.system, self.source = connector, system, source
        for path, field in fields_of(connector.settings).items():
            self.fields[PREFIX + path] = field
        for name in self._secret_names():
            label, help_text = SECRETS[name]
            widget = forms.PasswordInput() if name not in ("username", "header_name") else forms.TextInput()
            widget.attrs |= {"autocomplete": "off", "hx-preserve": "true"}
            self.fields[name] = forms.CharField(
                label=label, help_text=help_text, required=False, max_length=4000, widget=widget
            )
        self._offer(source.interval_s if source else 60)

    def _offer(self, interval_s: int) -> None:
        offered = {seconds: words for seconds, words in INTERVALS if seconds >= settings.MIN_INTERVAL_S}
        self.fields["interval_s"].choices = sorted(({interval_s: f"{interval_s} seconds"} | offered).items())

    def _secret_names(self) -> list[str]:
        known = self.connector.credentials.get("properties", {})
        names = [name for name in ("bearer", "username", "password") if name in known]
        return names + (["header_name", "header_value"] if "header" in known else [])

    @property
    def has_secret(self) -> bool:
        return any(self.data.get(name) for name in self._secret_names())

    @property
    def own_fields(self):
        return [self["name"]]

    @property
    def setting_fields(self):
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    @property
    def secret_fields(self):
        return [self[name] for name in self._secret_names()]

    def clean_name(self):
        name = self.cleaned_data["name"].strip()
        others = self.system.sources.exclude(pk=self.source.pk if self.source else None)
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError("Another source of this system has this name.")
        return name

    def clean(self):
        typed = {name.removeprefix(PREFIX): value for name, value in self.cleaned_data.items()}
        self.cleaned_data["settings"] = settings_from(self.connector.settings, typed)
        if any(name.startswith(PREFIX) for name in self.errors):
            return self.cleaned_data
        try:
            self.connector.checked(self.cleaned_data["settings"])
        except BadSettings as bad:
            for path, texts in bad.errors.items():
                self.add_error(PREFIX + path if PREFIX + path in self.fields else None, texts)
        return self.cleaned_data

    def credentials(self) -> dict:
        """Return the credentials that were typed, in the connector's words; empty when there are none."""
        said = {name: self.cleaned_data.get(name) for name in self._secret_names() if self.cleaned_data.get(name)}
        name, value = said.pop("header_name", None), said.pop("header_value", None)
        return said | ({"header": {name: value}} if name and value else {})


class EditSourceForm(Versioned, SourceForm):
    """The same, for a source that is there: its settings as they are, its credentials never shown."""

    forget = forms.BooleanField(label="It asks for no credentials any more: forget them", required=False)
    max_age_s = forms.IntegerField(
        label="Too old after",
        required=False,
        min_value=1,
        max_value=10**8,
        help_text="In seconds: values older than this count as stale. Empty: any age will do.",
    )

    def __init__(self, *args, source: Source, connector: Connector, **kwargs):
        kept = {PREFIX + path: value for path, value in typed_from(connector.settings, source.settings)}
        kept |= {"name": source.name, "interval_s": source.interval_s, "max_age_s": source.max_age_s}
        super().__init__(
            *args,
            source=source,
            connector=connector,
            system=source.system,
            initial=kept | {"version": source.version},
            **kwargs,
        )
        if not source.secret:
            del self.fields["forget"]

    @property
    def own_fields(self):
        return [self["version"], self["name"]]

    @property
    def late_fields(self):
        return [self["interval_s"], self["max_age_s"]]

    def facts(self) -> dict:
        """Return what edit_source is handed."""
        given = self.cleaned_data
        return {name: given[name] for name in ("name", "settings", "interval_s", "max_age_s")}
