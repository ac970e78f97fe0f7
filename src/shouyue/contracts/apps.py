from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "shouyue.contracts"
    label = "contracts"
