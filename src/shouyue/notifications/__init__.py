"""Notices: telling people what concerns them, in the application and by e-mail, with a log of every delivery.

Its words: notice (one message to one reader on one channel), draft (a notice to be posted), delivery. Who is told
what is decided above; this module delivers.
"""
