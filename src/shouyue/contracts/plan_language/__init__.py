"""The plan language: text of a service plan in, typed promises out.

Plain Python: no ORM, no clock, no Django. Words of the domain (verbs, facts, measures, guards …) come in as a
`Vocabulary`; nothing here names one. Reference for authors: docs/plans.md.
"""
