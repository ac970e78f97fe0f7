"""Application registration: system checks, the style guide's navigation item."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    name = "shouyue.web"
    label = "web"
    verbose_name = _("Page shell")

    def ready(self) -> None:
        from shouyue.web import checks, navigation

        register(checks.navigation_reverses)
        register(checks.icons_exist)
        navigation.register(
            navigation.Item(
                key="styleguide",
                label=_("Style guide"),
                url_name="web:styleguide",
                icon="puzzle",
                area="operate",
                roles=frozenset({"system_admin"}),
                order=900,
            )
        )
