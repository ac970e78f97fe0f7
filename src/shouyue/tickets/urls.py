"""Routes: the desk's queue and log, one ticket, and every act on it."""

from django.urls import path
from django.views.generic import RedirectView

from . import charge_views, views

app_name = "tickets"

urlpatterns = [
    path("desk/", views.queue_page, name="queue"),
    path("desk/pulse/", views.queue_pulse, name="queue_pulse"),
    path("desk/export.csv", views.export_csv, name="export"),
    path("desk/log/", views.log_call, name="log"),
    path("tickets/", RedirectView.as_view(pattern_name="tickets:queue", query_string=True), name="tickets"),
    path("tickets/<str:number>/", views.ticket_page, name="ticket"),
    path("tickets/<str:number>/pulse/", views.ticket_pulse, name="ticket_pulse"),
    path("tickets/<str:number>/edit/", views.edit, name="edit"),
    path("tickets/<str:number>/note/", views.note, name="note"),
    path("tickets/<str:number>/files/", views.attach, name="attach"),
    path("tickets/<str:number>/charge/<slug:name>/", charge_views.charge, name="charge"),
    path("tickets/<str:number>/<slug:slug>/", views.act, name="act"),
]
