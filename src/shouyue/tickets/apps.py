from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "shouyue.tickets"
    label = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import declarations, handlers

        declarations.declare()
        handlers.listen()
