"""What the board says about a promise beyond its counts: done 41 of 69, 31 of 40 h, 96.2% of 95%, held since …"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from shouyue.commitments.choices import Condition, Kind, Standing
from shouyue.commitments.models import Commitment
from shouyue.commitments.rules.figures import is_duration
from shouyue.commitments.rules.standing import Figures
from shouyue.contracts.plan_language.model import Quota, Recurring, Share, Span, Target
from shouyue.contracts.queries import compiled

from .calendar import Figure, Held, figures_in, held_in

_APPLIED = """
SELECT commitment_id, count(*) FROM commitments_decision
WHERE contract_id = %s AND decided_at >= %s AND decided_at < %s AND is_current AND commitment_id IS NOT NULL
GROUP BY commitment_id
"""


@dataclass(frozen=True, slots=True)
class Detail:
    """A promise's own figure in a span of time. unit: h, percent or empty, for the amounts of figures."""

    kind: str
    figures: Figures
    parts: Sequence[Figure] = ()
    held: Held | None = None
    applied: int = 0
    unit: str = ""
    slides: bool = False
    zone: str = "Asia/Shanghai"

    def standing(self, found: Standing) -> Standing:
        """The word on the board, where the promise's own figure knows more than the counts."""
        if found in (Standing.NOT_EXECUTABLE, Standing.UNSET, Standing.BROKEN):
            return found
        if self.held is not None:
            return Standing.KEPT if self.held.condition == Condition.HELD else Standing.AT_RISK
        if self.slides and self.figures.running and found == Standing.NOTHING_DUE:
            return Standing.KEPT
        return found

    def measured_now(self, period: str, amount: float | None) -> Detail:
        """With the amount measured just now in place of the one noted by the last look, for a running period."""
        parts = [
            replace(part, amount=amount) if part.period == period and part.state == "running" else part
            for part in self.parts
        ]
        return replace(self, parts=parts)

    def words(self) -> str:
        """One line in the running language; empty when there is nothing to say yet."""
        f = self.figures
        match self.kind:
            case Kind.RECURRING:
                asked = f.fell_due + f.open
                return (
                    _("done %(done)d of %(asked)d") % {"done": f.kept + f.late, "asked": asked}
                    if asked
                    else ""
                )
            case Kind.QUOTA | Kind.TARGET:
                return "; ".join(self._figure(part) for part in self.parts[:3])
            case Kind.STANDING:
                return self._held()
            case Kind.GATE:
                tried = f.kept + f.missed
                if not tried and not f.refused:
                    return ""
                said = {"passed": f.kept, "tried": tried, "refused": f.refused}
                return _("passed properly %(passed)d of %(tried)d, held back %(refused)d") % said
            case Kind.ENTITLEMENT:
                return _("applied %(count)d times") % {"count": self.applied} if self.applied else ""
        return ""

    def _figure(self, part: Figure) -> str:
        if part.amount is None:
            return _("no data")
        low, high = part.low, part.high
        if low is not None and high is not None:
            bound = self.said(low) if low == high else f"{self.said(low)}–{self.said(high)}"
        elif high is not None:
            bound = f"≤ {self.said(high)}"
        else:
            bound = "" if low is None else f"≥ {self.said(low)}"
        said = self.said(part.amount) + (f" ({bound})" if bound else "")
        if part.state == "running" and part.forecast is not None:
            return _("%(said)s, at this pace %(forecast)s") % {
                "said": said,
                "forecast": self.said(part.forecast),
            }
        return said

    def said(self, amount: float) -> str:
        """An amount with its unit: 31.5 h, 98.1%, 12."""
        if self.unit == "h":
            return f"{amount / 3600:.1f}".removesuffix(".0") + " h"
        text = f"{amount:.1f}".removesuffix(".0")
        return f"{text}%" if self.unit == "percent" else text

    def _held(self) -> str:
        if self.held is None:
            return ""
        since = self.held.since.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")
        said = (
            _("held since %(since)s")
            if self.held.condition == Condition.HELD
            else _("broken since %(since)s")
        )
        share = self.held.share
        return said % {"since": since} + ("" if share is None or share == 1 else f" ({share:.1%})")


def details_of(
    contract_id: int,
    commitments: Sequence[Commitment],
    figures: Mapping[int, Figures],
    since: datetime,
    until: datetime,
) -> Mapping[int, Detail]:
    """The details of a contract's promises in a span of time. Queries: up to four; none for deadlines and gates."""
    kinds = {one.kind for one in commitments}
    if not kinds - {Kind.DEADLINE, Kind.GATE}:
        return {one.pk: Detail(one.kind, figures.get(one.pk, Figures())) for one in commitments}
    rules = compiled(contract_id)
    plan = {promise.name: promise for promise in rules.plan.commitments}
    parts = figures_in(contract_id, since, until) if kinds & {Kind.QUOTA, Kind.TARGET} else {}
    held = held_in(contract_id, since, until) if Kind.STANDING in kinds else {}
    applied: dict[int, int] = {}
    if Kind.ENTITLEMENT in kinds:
        with connection.cursor() as cursor:
            cursor.execute(_APPLIED, [contract_id, since, until])
            applied = dict(cursor.fetchall())
    found = {}
    for one in commitments:
        promise = plan.get(one.name)
        found[one.pk] = Detail(
            kind=one.kind,
            figures=figures.get(one.pk, Figures()),
            parts=parts.get(one.pk, ()),
            held=held.get(one.pk),
            applied=applied.get(one.pk, 0),
            unit=_unit(promise),
            slides=isinstance(promise, Recurring) and promise.max_gap is not None,
            zone=rules.zone,
        )
    return found


def _unit(promise: object) -> str:
    if isinstance(promise, Quota):
        return "h" if is_duration(promise.bounds) else ""
    if isinstance(promise, Target):
        limits = (promise.bounds.at_least, promise.bounds.at_most, promise.bounds.equals)
        if any(isinstance(getattr(limit, "provisional", None) or limit, Share) for limit in limits):
            return "percent"
        return "h" if any(isinstance(limit, Span) for limit in limits) else ""
    return ""
