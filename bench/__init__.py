"""Benchmarks: a loader for millions of rows, the real HTTP stack under load, the sweep, one table of results."""
