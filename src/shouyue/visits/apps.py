from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "shouyue.visits"
    label = "visits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import declarations

        declarations.declare()
