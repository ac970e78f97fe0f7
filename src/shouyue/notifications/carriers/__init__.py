"""Senders of one message through one gateway: they know the providers' protocols, and neither tables nor retries.

`send` of each takes a `Parcel` and answers an `Outcome`; raising is for programming errors only.
"""
