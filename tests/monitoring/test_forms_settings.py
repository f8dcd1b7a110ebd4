from django import forms

from monitoring.connectors import connector_of
from monitoring.forms.settings import fields_of


def test_a_certificate_has_room():
    field = fields_of(connector_of("prometheus_text").settings)["ca"]
    assert isinstance(field.widget, forms.Textarea)
    assert field.clean("x" * 60_000)


def test_each_column_of_a_log_says_what_stands_in_it():
    fields = fields_of(connector_of("prediction_log").settings)
    columns = {path: field.help_text for path, field in fields.items() if path.startswith("columns.")}
    assert columns["columns.at"] == "When it was predicted."
    assert len(columns) == 8
    assert all(columns.values())
