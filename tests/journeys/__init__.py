"""Stories that cross modules."""
