from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "shouyue.demo"
    label = "demo"
