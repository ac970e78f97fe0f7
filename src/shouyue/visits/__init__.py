"""Visits: an engineer on the way to, at, or back from the customer, for one ticket.

Words: visit, dispatch, receipt (starts the clock of the way), departure, arrival, leaving. Below: tickets.
"""
