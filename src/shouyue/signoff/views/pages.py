"""One sign-off: its page, asking for it, and everything one may do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shouyue.files import queries as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, NotAllowed, NotFound, ShouyueError
from shouyue.signoff import access, forms, queries, services, subjects
from shouyue.signoff.choices import Kind, Side, State, StepState, Verdict
from shouyue.signoff.models import Signoff, Step
from shouyue.signoff.subjects import Subject
from shouyue.signoff.wording import capacity_label, line_of, purpose_of, step_label
from shouyue.web.form_errors import add_errors
from shouyue.web.htmx import go, render_page

from .traces import traces_of


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


# Asking


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for something about a record named by `?about=ticket:12`."""
    actor = _actor(request)
    subject = _subject(actor, request.GET.get("about", ""))
    access.require_ask(actor, subject.contract_id)
    known: dict[str, Any] = {
        "customer_id": subject.customer_id,
        "contract_id": subject.contract_id,
        "language": actor.language,
    }
    if request.method != "POST":
        asked_for = ("kind", "purpose", *(f"who{place}" for place in range(1, forms.ROWS + 1)))
        wish = {name: request.GET[name] for name in asked_for if name in request.GET}
        if wish.get("kind") == Kind.SIGNATURE:
            wish["scope"] = subject.label  # what is signed for is the record itself
        form = forms.AskForm(initial={"kind": Kind.CONSENT} | wish, **known)
        return _ask_page(request, subject, form)
    form = forms.AskForm(request.POST, request.FILES, **known)
    status = 422
    if form.is_valid():
        values = form.cleaned_data
        try:
            signoff = services.ask(
                actor=actor,
                subject=(subject.type, subject.id),
                case=subject.case,
                customer_id=subject.customer_id,
                contract_id=subject.contract_id,
                label=subject.label,
                steps=form.asked(),
                source_key=request.POST.get("idempotency_key") or None,
                **{
                    name: values[name]
                    for name in ("kind", "purpose", "scope", "mode", "reply_due_at", "expires_at", "upload")
                },
            )
        except ShouyueError as error:
            add_errors(form, error)
            status = error.status
        else:
            return go(request, _url(signoff), _("Those who are to answer have been told."))
    return _ask_page(request, subject, form, status=status)


def _subject(actor: Actor, about: str) -> Subject:
    sort, _colon, number = about.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise NotFound
    return subjects.subject_of(actor, sort, int(number))


def _ask_page(
    request: HttpRequest, subject: Subject, form: forms.AskForm, *, status: int = 200
) -> HttpResponse:
    return render_page(request, "signoff/ask.html", {"subject": subject, "form": form}, status=status)


# The page


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    """A sign-off with its chain, its answers, and what the reader may do."""
    return _page(request, queries.signoff_numbered(_actor(request), number))


def _page(
    request: HttpRequest,
    signoff: Signoff,
    *,
    bound: dict[str, django_forms.Form] | None = None,
    status: int = 200,
    link: str = "",
    link_name: str = "",
    problem: str = "",
) -> HttpResponse:
    """The page; bound: forms that were refused, by their act; link: one just made, shown this once.

    problem: why nothing came of an act whose form is gone.
    """
    actor = _actor(request)
    steps = queries.steps_of(signoff)
    bound = bound or {}
    can_handle = access.can_handle(actor, signoff) and signoff.state == State.ASKED
    context: dict[str, Any] = {
        "signoff": signoff,
        "purpose": purpose_of(signoff, actor.language),
        "subject": _shown_subject(actor, signoff),
        "chain": [_line(actor, signoff, step, bound, can_handle) for step in steps],
        "answers": [line_of(answer) for answer in queries.answers_of(signoff)],
        "now": clock.now(),
        "is_overdue": signoff.reply_due_at is not None and signoff.reply_due_at < clock.now(),
        "links": queries.links_of(signoff) if can_handle else [],
        "sendings": queries.sendings_of(signoff) if access.can_handle(actor, signoff) else [],
        "can_cancel": can_handle,
        "cancel_form": bound.get("cancel") or forms.WordsForm(prefix="cancel"),
        "can_withdraw": _can_withdraw(actor, signoff, steps),
        "withdraw_form": bound.get("withdraw") or forms.WordsForm(prefix="withdraw"),
        "opened": next(iter(bound), ""),
        "made_link": link,
        "made_link_name": link_name,
        "problem": problem,
    }
    context["mine"] = next((line for line in context["chain"] if line["form"]), None)
    return render_page(request, "signoff/signoff.html", context, status=status)


def _line(
    actor: Actor, signoff: Signoff, step: Step, bound: dict[str, django_forms.Form], can_handle: bool
) -> dict[str, Any]:
    is_open = step.state == StepState.ASKED and signoff.state == State.ASKED
    standing = queries.standing_of(actor, signoff, step) if is_open else None
    contacts = queries.contacts_for(signoff, step) if is_open and can_handle else []
    names = [(contact.pk, contact.name) for contact in contacts]
    line: dict[str, Any] = {
        "step": step,
        "label": step_label(step),
        "form": None,
        "as": "",
        "contacts": names,
        "on_customer": step.side == Side.CUSTOMER,
    }
    if standing is not None:
        line["form"] = bound.get(f"answer-{step.pk}") or forms.AnswerForm(
            initial={"typed_name": "" if signoff.kind == Kind.SIGNATURE else actor.name}
        )
        line["as"] = capacity_label(standing.capacity)
        line["is_deputy"] = standing.on_behalf_of_id is not None
    if names:
        line["link_form"] = bound.get(f"link-{step.pk}") or forms.LinkForm(contacts=names, prefix="link")
        line["scan_form"] = bound.get(f"scan-{step.pk}") or forms.ScanForm(contacts=names, prefix="scan")
        if signoff.kind == Kind.CONSENT:
            line["spoken_form"] = bound.get(f"record-{step.pk}") or forms.SpokenForm(
                contacts=names, prefix="record"
            )
    return line


def _can_withdraw(actor: Actor, signoff: Signoff, steps: list[Step]) -> bool:
    if signoff.kind == Kind.SIGNATURE or signoff.state not in (State.ASKED, State.GIVEN):
        return False
    given = [step for step in steps if step.state == StepState.GIVEN]
    return any(
        (step.answered_by_id is not None and step.answered_by_id == actor.user_id)
        or queries.standing_of(actor, signoff, step) is not None
        for step in given
    )


def _shown_subject(actor: Actor, signoff: Signoff) -> Subject | None:
    try:
        return subjects.subject_of(actor, *signoff.subject)
    except NotFound:
        return None


@require_safe
def print_view(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet for the file: what was asked, who answered what, with signatures and digests."""
    actor = _actor(request)
    signoff = queries.signoff_numbered(actor, number)
    context = {
        "signoff": signoff,
        "purpose": purpose_of(signoff, actor.language),
        "chain": [{"step": step, "label": step_label(step)} for step in queries.steps_of(signoff)],
        "answers": [line_of(answer) for answer in queries.answers_of(signoff)],
        "now": clock.now(),
    }
    return render(request, "signoff/print.html", context)


@require_safe
def document(request: HttpRequest, number: str) -> HttpResponse | FileResponse:
    """The document that is signed off, for whoever reads the sign-off."""
    signoff = queries.signoff_numbered(_actor(request), number)
    return document_response(signoff.document)


def document_response(stored: StoredFile | None) -> FileResponse:
    """The bytes of a document, to be saved, never run. Raises: NotFound without one."""
    if stored is None:
        raise NotFound
    response = FileResponse(
        files.open_bytes(stored),
        as_attachment=stored.media_type != "application/pdf" and not stored.is_image,
        filename=stored.name,
        content_type=stored.media_type,
    )
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


# Acts


def _act(
    request: HttpRequest,
    signoff: Signoff,
    name: str,
    form: django_forms.Form,
    run: Callable[[dict[str, Any]], Any],
    told: str,
) -> HttpResponse:
    """Run a service with a form's values; a refused form is shown again in its place."""
    status = 422
    if form.is_valid():
        try:
            run(form.cleaned_data)
        except (NotAllowed, NotFound):
            raise
        except Conflict as error:
            return _settled(request, signoff, error)
        except ShouyueError as error:
            add_errors(form, error)
            status = error.status
        else:
            return go(request, _url(signoff), told)
    return _page(request, signoff, bound={name: form}, status=status)


def _settled(request: HttpRequest, signoff: Signoff, error: Conflict) -> HttpResponse:
    """The page as it is now, above it what was faster: the form that was sent may be gone."""
    found = queries.signoff_numbered(_actor(request), signoff.number)
    return _page(request, found, status=error.status, problem=error.message)


def _url(signoff: Signoff) -> str:
    return reverse("signoff:signoff", args=[signoff.number])


@require_POST
def answer(request: HttpRequest, number: str, step_id: int, verdict: str) -> HttpResponse:
    """Yes or no, by who is signed in."""
    actor = _actor(request)
    signoff = queries.signoff_numbered(actor, number)
    _step(signoff, step_id)
    form = forms.AnswerForm(request.POST)

    def run(values: dict[str, Any]) -> None:
        if verdict == Verdict.GIVEN:
            services.give(actor=actor, step_id=step_id, traces=traces_of(request), **values)
        else:
            services.refuse(actor=actor, step_id=step_id, words=values["words"], traces=traces_of(request))

    return _act(request, signoff, f"answer-{step_id}", form, run, _("Thank you. Your answer is recorded."))


@require_POST
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take back."""
    actor = _actor(request)
    signoff = queries.signoff_numbered(actor, number)
    form = forms.WordsForm(request.POST, prefix="withdraw")

    def run(values: dict[str, Any]) -> None:
        services.withdraw(actor=actor, signoff_id=signoff.pk, traces=traces_of(request), **values)

    return _act(request, signoff, "withdraw", form, run, _("It is withdrawn from now on."))


@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Call off."""
    actor = _actor(request)
    signoff = queries.signoff_numbered(actor, number)
    form = forms.WordsForm(request.POST, prefix="cancel")

    def run(values: dict[str, Any]) -> None:
        services.cancel(actor=actor, signoff_id=signoff.pk, **values)

    return _act(request, signoff, "cancel", form, run, _("It is called off."))


@require_POST
def make_link(request: HttpRequest, number: str, step_id: int) -> HttpResponse:
    """A link for a phone; shown once, on this very answer."""
    actor = _actor(request)
    signoff, contacts = _handled(actor, number, step_id)
    form = forms.LinkForm(request.POST, contacts=contacts, prefix="link")
    if form.is_valid():
        try:
            link, token = services.make_link(
                actor=actor, step_id=step_id, contact_id=form.cleaned_data["contact"], lasts=form.lasts
            )
        except Conflict as error:
            return _settled(request, signoff, error)
        except ShouyueError as error:
            add_errors(form, error)
            return _page(request, signoff, bound={f"link-{step_id}": form}, status=error.status)
        url = f"{settings.BASE_URL}{reverse('signoff:answer', args=[token])}"
        response = _page(request, signoff, link=url, link_name=link.contact.name)
        response["Cache-Control"] = "private, no-store"
        return response
    return _page(request, signoff, bound={f"link-{step_id}": form}, status=422)


@require_POST
def send_link(request: HttpRequest, number: str, step_id: int, channel: str) -> HttpResponse:
    """Send a link by mail or text message; nobody sees it but who gets it."""
    actor = _actor(request)
    signoff, contacts = _handled(actor, number, step_id)
    form = forms.LinkForm(request.POST, contacts=contacts, prefix="link")

    def run(values: dict[str, Any]) -> None:
        services.send_link(
            actor=actor, step_id=step_id, contact_id=values["contact"], channel=channel, lasts=form.lasts
        )

    return _act(request, signoff, f"link-{step_id}", form, run, _("The link is being sent."))


@require_POST
def revoke_link(request: HttpRequest, number: str, link_id: int) -> HttpResponse:
    """Close a link."""
    actor = _actor(request)
    signoff = queries.signoff_numbered(actor, number)
    services.revoke_link(actor=actor, link_id=link_id)
    return go(request, _url(signoff), _("The link is closed."))


@require_POST
def record_answer(request: HttpRequest, number: str, step_id: int) -> HttpResponse:
    """Write down what was said."""
    actor = _actor(request)
    signoff, contacts = _handled(actor, number, step_id)
    form = forms.SpokenForm(request.POST, contacts=contacts, prefix="record")

    def run(values: dict[str, Any]) -> None:
        contact = values.pop("contact")
        services.record_answer(actor=actor, step_id=step_id, contact_id=contact, **values)

    return _act(request, signoff, f"record-{step_id}", form, run, _("The answer is recorded."))


@require_POST
def upload_scan(request: HttpRequest, number: str, step_id: int) -> HttpResponse:
    """Keep a signed paper."""
    actor = _actor(request)
    signoff, contacts = _handled(actor, number, step_id)
    form = forms.ScanForm(request.POST, request.FILES, contacts=contacts, prefix="scan")

    def run(values: dict[str, Any]) -> None:
        contact = values.pop("contact")
        services.upload_scan(actor=actor, step_id=step_id, contact_id=contact, **values)

    return _act(request, signoff, f"scan-{step_id}", form, run, _("The signed paper is kept."))


def _step(signoff: Signoff, step_id: int) -> Step:
    step = next((one for one in queries.steps_of(signoff) if one.pk == step_id), None)
    if step is None:
        raise NotFound
    return step


def _handled(actor: Actor, number: str, step_id: int) -> tuple[Signoff, list[tuple[int, str]]]:
    signoff = queries.signoff_numbered(actor, number)
    access.require_handle(actor, signoff)
    contacts = queries.contacts_for(signoff, _step(signoff, step_id))
    return signoff, [(contact.pk, contact.name) for contact in contacts]
