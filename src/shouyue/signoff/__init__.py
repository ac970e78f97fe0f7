"""Sign-offs: somebody with authority says yes or no, and it stays on record.

Its words: sign-off (a consent, an approval or a signature that is asked for), purpose, step (who is to answer, in which
capacity), answer (given, refused, withdrawn; never changed), link (an answer by phone without an account), delegation.
It knows no ticket: what a sign-off is about is a subject that its owner registers. Below: contracts, files, notices.
"""
