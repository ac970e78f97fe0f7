"""Accounts: who can sign in, from where, and what a program may do on their behalf.

Words: *user* (a person of the provider, customer 0, or of one customer), *role* (held everywhere; roles within
one contract are memberships, owned by `contracts`), *session* (one browser that is signed in), *token* (a
program's key, limited by scopes), *officer* (system, security and audit administrator: three different people).

Below: `kernel`, `web`. `parties` owns customers; a user names its customer by id only.
"""
