"""Wiring only: settings, URLs, the API and the WSGI application."""
