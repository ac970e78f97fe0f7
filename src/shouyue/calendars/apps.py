from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "shouyue.calendars"
    label = "calendars"
