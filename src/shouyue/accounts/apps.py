from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "shouyue.accounts"
    label = "accounts"
