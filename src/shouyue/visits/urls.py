"""Routes."""

from django.urls import path

from . import views

app_name = "visits"

urlpatterns = [
    path("visits/", views.my_visits, name="mine"),
    path("visits/pulse/", views.my_pulse, name="mine_pulse"),
    path("visits/<int:visit_id>/", views.visit_page, name="visit"),
    path("visits/<int:visit_id>/<slug:name>/", views.step, name="step"),
    path("tickets/<str:number>/visits/dispatch/", views.dispatch, name="dispatch"),
]
