"""The conditions plans may demand of an act: a consent, an approval, a signature, of the customer or of both."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import clock
from shouyue.kernel.gates import Refusal, Request, Wanted
from shouyue.signoff import queries
from shouyue.signoff.choices import STEPS, Kind, Side, State, StepState
from shouyue.signoff.models import Signoff, Step
from shouyue.web.wording import noted

_noted = lazy(noted, str)


def given(request: Request) -> Refusal | None:
    """Met by a consent (or approval, or signature) given for the purpose and still valid. Queries: one."""
    rows = _of_subject(request, _word(request, "purpose"))
    capacity = _word(request, "capacity")
    if capacity:
        rows = rows.filter(_step(state=StepState.GIVEN, capacity=capacity))
    if rows.exists():
        return None
    return _refusal("consent.given", request, "purpose", _("Consent is missing"), Kind.CONSENT)


def standing(request: Request) -> Refusal | None:
    """Met by a consent given for the whole contract and still valid. Queries: one."""
    rows = _valid(request, _word(request, "purpose")).filter(
        subject_type="contract", subject_id=request.contract_id or 0, kind=Kind.CONSENT
    )
    if rows.exists():
        return None
    return _refusal("consent.standing", request, "purpose", _("Consent is missing"))


def signed(request: Request) -> Refusal | None:
    """Met by a signature of the customer's side. Queries: one."""
    rows = _of_subject(request, _word(request, "subject")).filter(kind=Kind.SIGNATURE)
    rows = rows.filter(_step(state=StepState.GIVEN, side=Side.CUSTOMER))
    if rows.exists():
        return None
    missing = _("The customer's signature is missing")
    return _refusal("consent.signed", request, "subject", missing, Kind.SIGNATURE)


def signed_by_both(request: Request) -> Refusal | None:
    """Met by a signature sheet both sides have signed. Queries: one."""
    rows = _of_subject(request, _word(request, "subject")).filter(kind=Kind.SIGNATURE)
    for side in Side.values:
        rows = rows.filter(_step(state=StepState.GIVEN, side=side))
    if rows.exists():
        return None
    missing = _("The signatures of both sides are missing")
    return _refusal("consent.signed_by_both", request, "subject", missing, Kind.SIGNATURE, from_both=True)


def approved(request: Request) -> Refusal | None:
    """Met by an approval for the subject; with `step`, once that step of it has approved. Queries: one."""
    step = _word(request, "step")
    rows = _of_subject(request, _word(request, "subject"), open_too=bool(step)).filter(kind=Kind.APPROVAL)
    if step:
        rows = rows.filter(_step(state=StepState.GIVEN, code=step))
        if rows.exists():
            return None
        return Refusal("consent.approved", _noted(_("Approval is missing"), STEPS.get(step, step)))
    if rows.exists():
        return None
    return _refusal("consent.approved", request, "subject", _("Approval is missing"), Kind.APPROVAL)


def _valid(request: Request, purpose: str, *, open_too: bool = False) -> QuerySet[Signoff]:
    states = [State.GIVEN, State.ASKED] if open_too else [State.GIVEN]
    lasting = Q(expires_at=None) | Q(expires_at__gt=clock.now()) | Q(kind=Kind.SIGNATURE, state=State.GIVEN)
    rows: QuerySet[Signoff] = Signoff.objects.filter(
        lasting, customer_id=request.customer_id, state__in=states
    )
    return rows.filter(purpose=purpose) if purpose else rows


def _of_subject(request: Request, purpose: str, *, open_too: bool = False) -> QuerySet[Signoff]:
    """Sign-offs about the act's subject, or of the thread it names by the fact `case`."""
    kind, number = request.subject
    about = Q(subject_type=kind, subject_id=number) | Q(case_type=kind, case_id=number)
    thread, _colon, of = str(request.facts.get("case") or "").partition(":")
    if of.isdigit():
        about |= Q(subject_type=thread, subject_id=int(of))
    return _valid(request, purpose, open_too=open_too).filter(about)


def _step(**matching: str) -> Exists:
    return Exists(Step.objects.filter(signoff_id=OuterRef("pk"), **matching))


def _word(request: Request, name: str) -> str:
    return str(request.facts.get(name) or "")


def _refusal(
    guard: str, request: Request, name: str, text: Promise, kind: str = "", *, from_both: bool = False
) -> Refusal:
    """kind: of the sign-off about the act's subject that would help; empty when it is about something else."""
    word = _word(request, name)
    wanted = (Wanted(str(kind), word, from_both=from_both),) if kind and word else ()
    if not word:
        return Refusal(guard, text)
    return Refusal(guard, _noted(text, lazy(_named, str)(word, request.contract_id)), wanted)


def _named(word: str, contract_id: int | None) -> str:
    """As the contract's plan says the word, in the language of who reads it."""
    return queries.purposes(contract_id, get_language() or "").get(word, word)
