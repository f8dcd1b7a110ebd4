"""Names in addresses and files."""

from django.core.validators import RegexValidator
from django.db import models

# `new` is the address of the page that registers
slug_is_plain = RegexValidator(
    r"\A(?!new\Z)[a-z0-9]+(-[a-z0-9]+)*\Z",
    "Use small letters, digits and single hyphens, such as churn-model; `new` is taken.",
)


def slug_field() -> models.SlugField:
    """Return the field for a name that stands in addresses: small letters, digits, hyphens, 60 at most."""
    return models.SlugField(max_length=60, validators=[slug_is_plain])
