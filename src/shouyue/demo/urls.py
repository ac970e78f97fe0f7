"""Routes of the demo."""

from django.urls import path

from . import views

app_name = "demo"

urlpatterns = [path("demo/", views.preparing, name="preparing")]
