"""The simulated life: eight contracts, sixty days of faults and people, going on while somebody looks.

Its words: story (one fault from report to closing), step (one thing a person does in it), script (the steps of a
story, thought out beforehand from a seed). Steps are carried out through the real services by real accounts. It
touches only a database it has marked as a demo itself.
"""
