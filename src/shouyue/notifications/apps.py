from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "shouyue.notifications"
    label = "notifications"
