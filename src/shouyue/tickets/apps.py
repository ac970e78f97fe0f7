from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "shouyue.tickets"
    label = "tickets"
