"""The commitment register: promises become obligations, obligations become verdicts with their evidence.

Its words: commitment (one promise of one contract), obligation (one instance to be kept), step (a warning or
escalation), gate, board. It reads events by verb and facts, never a domain module; it stands on `contracts`
(plans, calendars, members) and `notifications`; `tickets` and everything above record events for it.
"""
