"""Routes of the shell."""

from django.urls import path

from shouyue.web import views

app_name = "web"

urlpatterns = [
    path("preferences/language/", views.set_language, name="set_language"),
    path("preferences/theme/", views.set_theme, name="set_theme"),
    path("now/", views.server_now, name="now"),
    path("offline/", views.offline, name="offline"),
    path("offline-worker.js", views.offline_worker, name="offline_worker"),
    path("styleguide/", views.style_guide, name="styleguide"),
    path("styleguide/<str:name>/", views.style_guide_part, name="styleguide_part"),
]
