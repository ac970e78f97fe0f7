from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommitmentsConfig(AppConfig):
    name = "shouyue.commitments"
    label = "commitments"
    verbose_name = _("Promises")

    def ready(self) -> None:
        """Consume events, provide gates, declare verbs, navigation and panels."""
        from shouyue.commitments import closing_declarations, declarations

        declarations.declare()
        closing_declarations.declare()
