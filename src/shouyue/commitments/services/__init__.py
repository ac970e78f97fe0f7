"""Writes of the register: storage of obligations, the consumer of events, the sweep, plans, gates."""
