from django.apps import AppConfig


class SystemsConfig(AppConfig):
    """What people promise: registry, roles, checks, status, notices."""

    name = "systems"

    def ready(self):
        from systems import sign_ins

        sign_ins.connect()
