"""The ground every module stands on; it holds no domain word.

Owns: who acts (actor), whose rows (scope, fields, the database engine), what happened (events and their
hash chain), what must be asked first (gates), when it is (clock), what happens later (jobs), row locks,
errors and human numbers. It imports no other module of Shouyue.
"""
