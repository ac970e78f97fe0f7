from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "shouyue.parties"
    label = "parties"
