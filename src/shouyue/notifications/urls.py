"""Routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import views

app_name = "notifications"

urlpatterns: list[URLPattern] = [
    path("notices/", views.notices, name="notices"),
    path("notices/mark-all-read/", views.mark_all_read, name="mark_all_read"),
    path("notices/<int:notice_id>/open/", views.open_notice, name="open"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/retry/", views.retry_all, name="retry_all"),
    path("deliveries/<int:notice_id>/retry/", views.retry, name="retry"),
]
