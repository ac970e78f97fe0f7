from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    name = "shouyue.demo"
    label = "demo"
    verbose_name = _("Demo")

    def ready(self) -> None:
        """Offer the accounts on the sign-in page of a demo."""
        from shouyue.demo import views
        from shouyue.web import panels

        panels.register(
            "signed-out",
            panels.Panel(key="demo-accounts", title=_("Demo accounts"), render=views.accounts_panel),
        )
