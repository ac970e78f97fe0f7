"""Writes of the demo: its world, carrying out scripts, loading, going on, erasing."""
