"""What operators and auditors look at: the system's state, dead jobs, recorded events and the proof of their chain.

Its word: verification (one run of the check of all chains). Three officers stay apart: the system administrator sees
the system and no business data, the audit administrator reads events and changes nothing.
"""
