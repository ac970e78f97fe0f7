"""The database engine: Django's PostgreSQL backend with a fast UTC loader and walls between customers."""
