from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignoffConfig(AppConfig):
    name = "shouyue.signoff"
    label = "signoff"
    verbose_name = _("Sign-offs")

    def ready(self) -> None:
        """Declare verbs, guards, subjects, panels, navigation and states."""
        from shouyue.signoff import declarations

        declarations.declare()
