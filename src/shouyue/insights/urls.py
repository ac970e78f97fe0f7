"""Routes."""

from django.urls import path

from . import views

app_name = "insights"

urlpatterns = [
    path("operate/system/", views.system, name="system"),
    path("operate/jobs/<int:job_id>/retry/", views.retry_job, name="retry_job"),
    path("operate/events/", views.events, name="events"),
    path("operate/events/export.csv", views.export_events, name="export_events"),
    path("operate/verification/", views.verification, name="verification"),
    path("operate/verification/pulse/", views.verification_pulse, name="verification_pulse"),
    path("operate/verification/ask/", views.ask_verification, name="ask_verification"),
]
