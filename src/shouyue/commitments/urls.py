"""Routes."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import views

app_name = "commitments"

urlpatterns: list[URLPattern] = [
    path("promises/", views.boards, name="boards"),
    path("promises/<str:code>/", views.show_board, name="board"),
    path("promises/<str:code>/export.csv", views.export_board, name="export_board"),
    path("obligations/", views.obligations, name="obligations"),
    path("obligations/export.csv", views.export_obligations, name="export_obligations"),
    path("obligations/<int:obligation_id>/", views.obligation, name="obligation"),
]
