"""The WSGI application that the web server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouyue.config.settings")

application = get_wsgi_application()

# What is loaded now stays: the collector need not look at it again, nor so often at what requests make.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
