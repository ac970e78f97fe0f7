"""Phone calls about promises: nobody is called about what is over."""

from __future__ import annotations

from shouyue.commitments.models import Obligation
from shouyue.notifications import queries, services


def stop_moot_calls() -> int:
    """Take back the calls that wait about obligations settled meanwhile. Returns how many. Queries: three."""
    about = queries.called_about("obligation")
    over = Obligation.objects.filter(pk__in=about, settled_at__isnull=False).values_list("pk", flat=True)
    return services.stop_calls("obligation", list(over)) if about else 0
