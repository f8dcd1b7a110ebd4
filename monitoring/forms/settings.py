"""A plain form out of a connector's JSON Schema: one field a property, named by its dotted path."""

from collections.abc import Iterator

from django import forms

LONGEST = 2000
LONG_WORDS = ("query", "ca")


def fields_of(schema: dict, prefix: str = "") -> dict[str, forms.Field]:
    """Return the fields that the properties of `schema` need; nested objects give `outer.inner`."""
    fields: dict[str, forms.Field] = {}
    for name, rule in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        is_required = name in schema.get("required", ())
        if rule.get("type") == "object" and rule.get("properties"):
            fields |= fields_of(rule if is_required else rule | {"required": []}, f"{path}.")
        else:
            fields[path] = field = field_of(name, rule, is_required=is_required)
            if prefix:
                field.label = f"{prefix.rstrip('.').replace('.', ' ').capitalize()}: {field.label.lower()}"
    return fields


def field_of(name: str, rule: dict, *, is_required: bool) -> forms.Field:
    """Return the control for one property."""
    about = {
        "label": rule.get("title") or name.removesuffix("_s").replace("_", " ").capitalize(),
        "help_text": _sentence(rule.get("description", "")) + (" In seconds." if name.endswith("_s") else ""),
        "required": is_required,
        "initial": _typed(rule.get("default")),
    }
    match rule:
        case {"enum": choices}:
            blank = [] if is_required or "default" in rule else [("", "–")]
            return forms.ChoiceField(choices=[*blank, *((one, one) for one in choices)], **about)
        case {"type": "integer"}:
            return forms.IntegerField(min_value=rule.get("minimum"), max_value=rule.get("maximum"), **about)
        case {"type": "number"}:
            return forms.FloatField(min_value=rule.get("minimum"), max_value=rule.get("maximum"), **about)
        case {"type": "boolean"}:
            return forms.BooleanField(**about | {"required": False})
        case {"type": "array"}:
            about["help_text"] += " Several with commas between them."
            return forms.CharField(max_length=LONGEST, **about)
    widget = forms.Textarea(attrs={"rows": 3}) if name in LONG_WORDS else forms.TextInput()
    if rule.get("format") == "uri":
        widget.attrs |= {"inputmode": "url", "autocapitalize": "off", "spellcheck": "false"}
    return forms.CharField(max_length=rule.get("maxLength", LONGEST), widget=widget, **about)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _typed(value):
    return ", ".join(value) if isinstance(value, list) else value


def settings_from(schema: dict, typed: dict, prefix: str = "") -> dict:
    """Return the settings that were typed, nested as the schema wants them; what was left empty is left out."""
    settings = {}
    for name, rule in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        if rule.get("type") == "object" and rule.get("properties"):
            value = settings_from(rule, typed, f"{path}.")
        else:
            value = typed.get(path)
            if rule.get("type") == "array" and isinstance(value, str):
                value = [word.strip() for word in value.split(",") if word.strip()]
        if value not in (None, "", {}, []):
            settings[name] = value
    return settings


def typed_from(schema: dict, settings: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Return (path, what stands in its control) of settings as they are kept."""
    for name, rule in schema.get("properties", {}).items():
        value = settings.get(name)
        if rule.get("type") == "object" and rule.get("properties"):
            yield from typed_from(rule, value or {}, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", _typed(value)
