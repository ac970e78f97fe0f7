"""The page shell: layout, components, navigation, page panels, fragments, static front end.

Words: *shell* (what surrounds a page), *component* (template part with stated inputs), *item* (a line of the
navigation), *panel* (what a higher module adds to a lower module's page), *fragment* (the named part of a page
that htmx swaps), *pulse* (a cheap endpoint that says whether a list has changed).

Knows no domain words and has no tables. Imports ``kernel`` only; everything above may import it.
"""
