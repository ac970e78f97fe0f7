"""Contracts: what was agreed with whom, for how long, under which service plan.

Owns the plan language (`plan_language`), plan versions, contracts with their sites, zones, milestones, stages,
memberships and responsibility matrix, warranty and charge rules, and the list of words plan files may use
(`vocabulary`). Below: parties (customers, sites, units, vendors) and accounts (people). Above: commitments turns
the promises of a pinned plan into obligations; it reads `queries.compiled` and listens to `contract.plan_applied`.
"""
