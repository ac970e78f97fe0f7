"""When service time runs: holiday tables, the calendars of customers, and the page that explains a due time.

Owns holiday tables (statutory ones with make-up workdays, regional ones based on them) and the customers' own
calendars with their shifts. Its words: table, day, holiday, make-up workday, shift, version. Contracts reads
both to turn the windows of a plan into service calendars; the arithmetic is `shouyue.servicetime`.
"""
