"""Routes."""

from django.urls import path

from . import views

app_name = "portal"

urlpatterns = [
    path("portal/", views.home, name="home"),
    path("portal/report/", views.report, name="report"),
    path("portal/requests/", views.requests, name="requests"),
    path("portal/requests/export.csv", views.export_requests, name="export_requests"),
    path("portal/requests/<str:number>/", views.request_page, name="request"),
    path("portal/requests/<str:number>/pulse/", views.pulse, name="pulse"),
    path("portal/requests/<str:number>/message/", views.message, name="message"),
    path("portal/requests/<str:number>/confirm/", views.confirm, name="confirm"),
    path("portal/requests/<str:number>/reject/", views.reject, name="reject"),
    path("portal/requests/<str:number>/reopen/", views.reopen, name="reopen"),
    path("portal/requests/<str:number>/withdraw/", views.withdraw, name="withdraw"),
    path("portal/requests/<str:number>/escalate/", views.escalate, name="escalate"),
    path("portal/requests/<str:number>/replacement/", views.replacement, name="replacement"),
    path("portal/contracts/<str:code>/", views.contract, name="contract"),
    path("portal/contracts/<str:code>/raw/<slug:kind>.<slug:form>", views.raw_data, name="raw_data"),
]
