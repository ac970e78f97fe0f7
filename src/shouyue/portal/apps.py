from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "shouyue.portal"
    label = "portal"
