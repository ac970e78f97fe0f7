from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "shouyue.insights"
    label = "insights"

    def ready(self) -> None:
        from . import declarations

        declarations.declare()
