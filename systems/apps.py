from django.apps import AppConfig


class SystemsConfig(AppConfig):
    """What people promise: registry, roles, checks, status, notices."""

    name = "systems"
