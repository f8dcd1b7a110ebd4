from django import forms

from monitoring.connectors import connector_of
from monitoring.forms.settings import fields_of


def test_a_certificate_has_room():
    field = fields_of(connector_of("prometheus_text").settings)["ca"]
    assert isinstance(field.widget, forms.Textarea)
    assert field.clean("x" * 60_000)
