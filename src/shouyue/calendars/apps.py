"""Declares verbs, groups of calendars, navigation, token scopes, the self-check and the operator's warning."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendarsConfig(AppConfig):
    name = "shouyue.calendars"
    label = "calendars"
    verbose_name = _("Calendars")

    def ready(self) -> None:
        from shouyue.kernel.events import FactType, Verb, declare
        from shouyue.runtime import checks as runtime_checks
        from shouyue.web import navigation, panels, rest, states

        from . import checks, panel, shown, tasks  # noqa: F401 - tasks declare themselves
        from .choices import DayKind

        basics = {"calendar": FactType.CODE, "digest": FactType.DIGEST}
        counts = dict.fromkeys(("added", "changed", "removed"), FactType.INTEGER)
        days = {"first": FactType.DAY, "last": FactType.DAY}
        declare(
            Verb("calendar.created", _("Calendar entered"), basics),
            Verb("calendar.changed", _("Calendar changed"), {**basics, **counts, **days}),
        )
        shown.register_own()
        rest.declare_area("calendars", _("Calendars"))
        runtime_checks.register("calendars", checks.check_tables)
        panels.register(
            "operator",
            panels.Panel(
                key="calendars", title=_("Holiday tables"), render=panel.render_missing, icon="calendar-off"
            ),
        )
        states.register(
            "calendar_day",
            {
                DayKind.HOLIDAY.value: states.Look("bad", "calendar-off", DayKind.HOLIDAY.label),
                DayKind.WORKDAY.value: states.Look("info", "briefcase", DayKind.WORKDAY.label),
                DayKind.ORDINARY.value: states.Look("muted", "calendar", DayKind.ORDINARY.label),
            },
        )
        navigation.register(
            navigation.Item(
                key="calendars",
                label=_("Calendars"),
                url_name="calendars:calendars",
                icon="calendar",
                area="provider",
                order=70,
                shortcut="g y",
            ),
            navigation.Item(
                key="portal-calendars",
                label=_("Service hours"),
                url_name="calendars:calendars",
                icon="calendar-time",
                area="portal",
                order=80,
            ),
        )
