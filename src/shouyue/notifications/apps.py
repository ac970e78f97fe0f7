from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "shouyue.notifications"
    label = "notifications"
    verbose_name = _("Notices")

    def ready(self) -> None:
        """Declare the verb of a delivery, the bell, navigation and looks."""
        from shouyue.notifications import declarations

        declarations.declare()
