"""Tickets: a report of somebody at a customer, from the first call to its closing.

Words: ticket, note, link, handling, tier, owner (one person for the whole case) and assignee (who works on it now).
Below: contracts (levels, zones, membership), commitments (clocks of a ticket), files. Above: visits, portal.
"""
