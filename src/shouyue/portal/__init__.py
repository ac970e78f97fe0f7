"""The portal: what the customer's people and the supervision firm see and do, phone first.

Its words: request (a ticket in the customer's words), outlook (where it stands and what happens next), raw data.
It owns no ticket data: it reads and calls tickets, visits, commitments and contracts in plain words.
"""
