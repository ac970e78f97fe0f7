"""Routes: customers with their sites and contacts, the provider's units, vendors."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "parties"

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/create/", views.create_customer, name="create_customer"),
    path("customers/<int:customer_id>/", views.customer, name="customer"),
    path("customers/<int:customer_id>/change/", views.change_customer, name="change_customer"),
    path("customers/<int:customer_id>/contacts/", views.customer_contacts, name="customer_contacts"),
    path("customers/<int:customer_id>/contacts/create/", views.create_contact, name="create_contact"),
    path("customers/<int:customer_id>/sites/create/", views.create_site, name="create_site"),
    path("sites/<int:site_id>/change/", views.change_site, name="change_site"),
    path("contacts/<int:contact_id>/change/", views.change_contact, name="change_contact"),
    path("units/", views.units, name="units"),
    path("units/create/", views.create_unit, name="create_unit"),
    path("units/<int:unit_id>/change/", views.change_unit, name="change_unit"),
    path("vendors/", views.vendors, name="vendors"),
    path("vendors/create/", views.create_vendor, name="create_vendor"),
    path("vendors/<int:vendor_id>/change/", views.change_vendor, name="change_vendor"),
]
