"""What the program stands on: its home directory, its PostgreSQL server, its processes and its self-check.

Words: *home* (the directory with everything this installation writes), *server* (PostgreSQL, embedded or
given), *part* (a supervised process), *problem* (a fault the operator can mend, told in one sentence),
*check*.
No models and no Django here: every row above stands on this one.
"""
