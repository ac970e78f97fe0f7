"""Contracts: service plans and their versions, parties, stages, warranty, membership and charge rules."""
