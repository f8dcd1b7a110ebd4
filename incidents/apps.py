from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """What people did about it: incidents, timelines, deliveries."""

    name = "incidents"
