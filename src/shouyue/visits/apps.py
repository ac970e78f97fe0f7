from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "shouyue.visits"
    label = "visits"
