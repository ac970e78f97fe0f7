"""Parts of the running program are killed while people work."""
