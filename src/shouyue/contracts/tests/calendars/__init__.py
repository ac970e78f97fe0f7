"""Calendars as contracts and their people use them: pages, API, services, walls."""
