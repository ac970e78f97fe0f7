from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "shouyue.files"
    label = "files"
