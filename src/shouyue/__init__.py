"""Shouyue 守约: every promise of a service contract, started, watched, warned about, proved and reported."""

__version__ = "0.1.0"
