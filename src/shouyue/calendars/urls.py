"""Routes: the list, one calendar with its days and versions, changes, files."""

from __future__ import annotations

from django.urls import URLPattern, path

from .views import changes, show

app_name = "calendars"

urlpatterns: list[URLPattern] = [
    path("calendars/", show.calendars, name="calendars"),
    path("calendars/create-table/", changes.create_table, name="create_table"),
    path("calendars/create/", changes.create_customer_calendar, name="create"),
    path("calendars/<str:key>/", show.calendar, name="calendar"),
    path("calendars/<str:key>/days/", changes.days, name="days"),
    path("calendars/<str:key>/days/set/", changes.set_days, name="set_days"),
    path("calendars/<str:key>/days/remove/", changes.remove_day, name="remove_day"),
    path("calendars/<str:key>/import/", changes.import_days, name="import"),
    path("calendars/<str:key>/export.csv", changes.export, {"form": "csv"}, name="export_csv"),
    path("calendars/<str:key>/export.ics", changes.export, {"form": "ics"}, name="export_ics"),
    path("calendars/<str:key>/versions/", changes.history, name="history"),
    path("calendars/<str:key>/change/", changes.change, name="change"),
]
