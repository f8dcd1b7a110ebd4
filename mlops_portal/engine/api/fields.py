"""Fields that take a value for what it is: no number in quotes, no boolean for a number, no time without its zone."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal

from rest_framework import serializers

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?")

_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Text(serializers.CharField):
    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Integer(serializers.IntegerField):
    def to_internal_value(self, data):
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data):
        if type(data) not in (int, float) or not math.isfinite(data):
            self.fail("invalid")
        return float(data)


class Truth(serializers.BooleanField):
    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """RFC 3339; in with an offset, out in UTC."""

    default_error_messages = {
        "invalid": "Write a time as in RFC 3339, such as 2026-03-01T09:30:00Z.",
        "no_offset": "Say the offset: 2026-03-01T09:30:00Z or 2026-03-01T10:30:00+01:00.",
    }

    def to_internal_value(self, value):
        match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail("invalid")
        if not match[2]:
            self.fail("no_offset")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")

    def to_representation(self, value):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


class Amount(serializers.DecimalField):
    """An amount of money: a text such as "12.50", so that no reader makes a binary fraction of it."""

    default_error_messages = {"invalid": 'Write an amount as a text, such as "12.50".'}

    def __init__(self, **options):
        super().__init__(max_digits=None, decimal_places=None, **options)

    def to_internal_value(self, data):
        if not isinstance(data, str) or not _AMOUNT.fullmatch(data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value):
        return f"{value:.2f}"


class Day(serializers.DateField):
    default_error_messages = {"invalid": "Write a day as 2026-03-01."}

    def to_internal_value(self, value):
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid", format="")
        return super().to_internal_value(value)


class Named(serializers.SlugRelatedField):
    """Another object, by its name."""

    default_error_messages = {"does_not_exist": "There is no {value}.", "invalid": "Write its name as a text."}

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Page(serializers.URLField):
    """The web page of the object, absolute."""

    def __init__(self, **options):
        super().__init__(**({"source": "get_absolute_url"} | options), read_only=True)

    def to_representation(self, value):
        return self.context["request"].build_absolute_uri(value)
