from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    name = "shouyue.commitments"
    label = "commitments"
