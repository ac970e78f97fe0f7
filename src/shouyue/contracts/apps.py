from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "shouyue.contracts"
    label = "contracts"
    verbose_name = _("Contracts")

    def ready(self) -> None:
        """Declare verbs, common facts, who may reach what, navigation and states."""
        from shouyue.contracts import declarations

        declarations.declare()
