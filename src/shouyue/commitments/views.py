"""Pages: promise boards, obligations, the explanation of one; panels on contract and ticket."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from shouyue.contracts import queries as contracts
from shouyue.contracts import vocabulary
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.texts import Text
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.web import lists
from shouyue.web.actors import actor_of
from shouyue.web.htmx import render_page
from shouyue.web.lists import Choice, Column, Empty, Export, Filter, ListPage
from shouyue.web.moulds import mould
from shouyue.web.states import look_of
from shouyue.web.templatetags.shouyue import badge, countdown, localtime_of

from . import calendar_views, cases, objection_views, outlook_views, queries
from .choices import Kind, Standing, State
from .models import Obligation
from .queries import board, closing, explaining
from .queries.of_case import CasePromise, promises_of
from .rules.standing import share_tone

SHOWN_ON_CASE = 40
COLUMNS = (
    Column(key="promise", label=gettext_lazy("Promise")),
    Column(key="case", label=gettext_lazy("Case")),
    Column(key="state", label=gettext_lazy("State")),
    Column(key="limit", label=gettext_lazy("Limit")),
    Column(key="opened", label=gettext_lazy("Started")),
    Column(key="due", label=gettext_lazy("Due"), sort="due"),
    Column(key="kept", label=gettext_lazy("Kept at")),
)


# Boards


@require_GET
def boards(request: HttpRequest) -> HttpResponse:
    """Every contract with its standing this month."""
    actor = actor_of(request)
    month = request.GET.get("month", "")
    rows = board.overview(actor, month)
    months = board.months("Asia/Shanghai", month)
    return render_page(
        request,
        "commitments/boards.html",
        {"rows": rows, "months": months, "tabs": outlook_views.tabs(actor)},
    )


@require_GET
def show_board(request: HttpRequest, code: str) -> HttpResponse:
    """The promise board of one contract."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    return render_page(request, "commitments/board.html", _board_context(request, contract), part="board")


@require_GET
def export_board(request: HttpRequest, code: str) -> HttpResponse:
    """The board as a table for spreadsheets."""
    actor = actor_of(request)
    contract = contracts.contract_of(actor, code)
    found = board.board_of(actor, contract, request.GET.get("month", ""))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{contract.code}-{found.month.key}.csv"'
    response.write("\ufeff")
    out = csv.writer(response)
    out.writerow(_board_head())
    for line in found.lines:
        out.writerow([_safe(value) for value in _board_row(line, actor.language)])
    return response


def board_panel(request: HttpRequest, obj: object) -> str | None:
    """The board as a part of the contract's page."""
    if not isinstance(obj, Contract):
        return None
    return render_to_string("commitments/_board.html", _board_context(request, obj), request)


def _board_context(request: HttpRequest, contract: Contract) -> dict[str, Any]:
    actor = actor_of(request)
    frozen = closing.with_frozen(actor, board.board_of(actor, contract, request.GET.get("month", "")))
    found = frozen.board
    own = dict(contracts.compiled(contract.pk).plan.words)
    kind, standing = request.GET.get("kind", ""), request.GET.get("standing", "")
    lines = [
        line
        for line in found.lines
        if (not kind or line.commitment.kind == kind) and (not standing or line.standing == standing)
    ]
    return {
        "contract": contract,
        "board": found,
        "lines": [
            _shown(line, actor.language, own) | {"now": frozen.corrected(line.commitment.name)}
            for line in lines
        ],
        "closing": frozen.closing,
        "kinds": Kind.choices,
        "kind": kind,
        "standing": standing,
        "standings": [
            {"value": value, "label": label, "count": found.counts[value]}
            for value, label in Standing.choices
        ],
        "months": board.months(contract.time_zone, found.month.key),
        "board_url": reverse("commitments:board", args=[contract.code]),
        "obligations_url": reverse("commitments:obligations"),
        "export_url": f"{reverse('commitments:export_board', args=[contract.code])}?month={found.month.key}",
    }


def _shown(line: board.Line, language: str, own: Mapping[str, Text]) -> dict[str, Any]:
    one = line.commitment
    return {
        "name": one.name,
        "title": one.title(language),
        "text": one.text(language),
        "number": one.number(language),
        "scope": one.scope(language),
        "question": one.question(language),
        "kind": Kind(one.kind).label,
        "source": ", ".join(one.source),
        "awaits": vocabulary.list_said(one.awaits, language, own),
        "standing": line.standing,
        "figures": line.figures,
        "share": line.share,
        "tone": share_tone(line.share),
        "idle": line.standing in (Standing.NOT_EXECUTABLE, Standing.UNSET) and not any(line.figures.values),
        "measured": line.measured,
        "value": line.value,
        "words": line.words,
        "owed_by": one.owed_by,
    }


def _board_head() -> list[str]:
    return [
        _("Row"),
        _("Promise"),
        _("Kind"),
        _("Limit"),
        _("State"),
        _("Fell due"),
        _("Kept"),
        _("Kept late"),
        _("Missed"),
        _("Open"),
        _("Share kept"),
        _("Figure"),
    ]


def _board_row(line: board.Line, language: str) -> list[Any]:
    one, figures = line.commitment, line.figures
    return [
        " ".join(one.source),
        one.title(language),
        Kind(one.kind).label,
        one.number(language),
        Standing(line.standing).label,
        figures.fell_due,
        figures.kept,
        figures.late,
        figures.missed,
        figures.open,
        "" if line.share is None else f"{line.share:.4f}",
        line.words,
    ]


def _safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and not text.lstrip("-").replace(".", "").isdigit() else text


# Obligations


@require_GET
def obligations(request: HttpRequest) -> HttpResponse:
    """A list of obligations with filters."""
    actor = actor_of(request)
    filters, wanted = _obligation_filters(request, actor)
    rows = queries.obligations_matching(actor, wanted)
    sort = lists.sort_from(request, COLUMNS, "-due")
    sign = "-" if sort.startswith("-") else ""
    part = lists.keyset(rows, order=(f"{sign}falls_at", f"{sign}id"), cursor=request.GET.get("after", ""))
    page = ListPage(
        id="obligations",
        caption=_("Obligations"),
        columns=COLUMNS,
        rows=_obligation_rows(part.rows, actor),
        row_template="commitments/_obligation_row.html",
        filters=filters,
        sort=sort,
        next_cursor=part.next_cursor,
        previous_cursor=part.previous_cursor,
        empty=Empty(
            title=_("No obligations yet"),
            text=_("They appear when events start a promise."),
            icon="clock-play",
        ),
        exports=[
            Export(label="CSV", url=f"{reverse('commitments:export_obligations')}?{request.GET.urlencode()}"),
        ],
    )
    return render_page(request, "commitments/obligations.html", {"list": page}, part="list")


@require_GET
def export_obligations(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered obligations as a table for spreadsheets, at most a hundred thousand."""
    actor = actor_of(request)
    _filters, wanted = _obligation_filters(request, actor)
    rows = list(queries.obligations_matching(actor, wanted).order_by("falls_at", "id")[:100_000])
    labels = _labels(rows)
    head = [
        _("Contract"),
        _("Promise"),
        _("Case"),
        _("State"),
        _("Limit"),
        _("Started"),
        _("Due"),
        _("Kept at"),
    ]
    response = StreamingHttpResponse(
        _csv_lines(head, (_obligation_cells(row, labels[row.case_type, row.case_id], actor) for row in rows)),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="obligations.csv"'
    return response


def _csv_lines(head: list[str], rows: Iterable[list[Any]]) -> Iterable[str]:
    buffer = io.StringIO()
    out = csv.writer(buffer)
    yield "\ufeff"
    for row in [head, *rows]:
        out.writerow([_safe(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _obligation_cells(row: Obligation, case: cases.Label, actor: Actor) -> list[Any]:
    return [
        row.contract.code,
        row.commitment.title(actor.language),
        f"{case.number} {case.title}".strip(),
        look_of("obligation", row.shown_state).label,
        row.commitment.number(actor.language),
        row.opened_at.isoformat(timespec="seconds"),
        row.due_at.isoformat(timespec="seconds") if row.due_at else "",
        row.kept_at.isoformat(timespec="seconds") if row.kept_at else "",
    ]


def _obligation_filters(request: HttpRequest, actor: Actor) -> tuple[list[Filter], queries.ObligationFilter]:
    visible = list(contracts.contracts_visible_to(actor).only("id", "code", "name", "time_zone"))
    by_code = {contract.code: contract for contract in visible}
    code = request.GET.get("contract", "")
    contract = by_code.get(code)
    commitments = list(queries.commitments_of(actor, contract.pk)) if contract else []
    filters = lists.filters_from(
        request,
        [
            Filter(
                key="contract",
                label=_("Contract"),
                choices=[Choice(value=one.code, label=f"{one.code} {one.name}") for one in visible],
            ),
            Filter(
                key="promise",
                label=_("Promise"),
                choices=[Choice(value=one.name, label=one.title(actor.language)) for one in commitments],
            ),
            Filter(
                key="state",
                label=_("State"),
                choices=[
                    Choice(value="open", label=_("Running")),
                    Choice(value="overdue", label=_("Overdue")),
                    Choice(value="broken", label=_("Broken")),
                    *(
                        Choice(value=value, label=label)
                        for value, label in State.choices
                        if value not in ("waiting", "running")
                    ),
                ],
            ),
            Filter(
                key="month",
                label=_("Month"),
                choices=[
                    Choice(value=key, label=key)
                    for key in board.months("Asia/Shanghai", request.GET.get("month", ""))
                ],
            ),
        ],
    )
    values = {item.key: item.value for item in filters}
    month = (
        board.month_of(contract.time_zone if contract else "Asia/Shanghai", values["month"])
        if values["month"]
        else None
    )
    return filters, queries.ObligationFilter(
        contract_id=contract.pk if contract else None,
        commitment=values["promise"],
        state=values["state"],
        since=month.since if month else None,
        until=month.until if month else None,
    )


def _obligation_rows(rows: list[Obligation], actor: Actor) -> list[dict[str, Any]]:
    labels = _labels(rows)
    return [
        {
            "obligation": row,
            "title": row.commitment.title(actor.language),
            "number": row.commitment.number(actor.language),
            "contract": row.contract,
            "case": labels[row.case_type, row.case_id],
            "url": reverse("commitments:obligation", args=[row.pk]),
        }
        for row in rows
    ]


def _labels(rows: Iterable[Obligation]) -> Mapping[tuple[str, int], cases.Label]:
    by_type: dict[str, set[int]] = {}
    for row in rows:
        by_type.setdefault(row.case_type, set()).add(row.case_id)
    return {
        (kind, number): label
        for kind, ids in by_type.items()
        for number, label in cases.labels_of(kind, sorted(ids)).items()
    }


@require_GET
def obligation(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Why one obligation is due when it is due, and everything behind it; htmx gets the drawer's content."""
    actor = actor_of(request)
    found = queries.obligation_of(actor, obligation_id)
    label = _labels([found])[found.case_type, found.case_id]
    context = {
        "obligation": found,
        "title": found.commitment.title(actor.language),
        "text": found.commitment.text(actor.language),
        "number": found.commitment.number(actor.language),
        "case": label,
        "explained": explaining.explain(actor, found),
        "behind": calendar_views.figures_panel(request, found),
        "objections": objection_views.of_obligation(actor, found),
    }
    return render_page(request, "commitments/obligation.html", context, part="explained")


def case_panel(request: HttpRequest, obj: object) -> str | None:
    """The obligations of a case as a part of its page; the object needs `pk` and a table name of its type."""
    actor = actor_of(request)
    kind, number = _case_of(obj)
    read = getattr(obj, "promises", None)  # by the page itself, for its clocks
    found = promises_of(actor, (kind, number)) if read is None else read
    rows = [_promise(one) for one in _worth_showing(found)[:SHOWN_ON_CASE]]
    holes = ("rows",) if rows else ()
    return mould("commitments/_case.html", holes, some=bool(rows))(rows=SafeString("".join(rows)))


def _worth_showing(found: list[CasePromise]) -> list[CasePromise]:
    """All but gates that let everything pass; one that once held an act back shows how it stands now."""
    gates = sorted((one for one in found if one.kind == Kind.GATE), key=lambda one: one.id)
    latest = {one.title: one for one in gates}
    noted = {one.title for one in gates if one.state in (State.REFUSED, State.MISSED)}
    return [
        one for one in found if one.kind != Kind.GATE or (one.title in noted and latest[one.title] is one)
    ]


def _promise(one: CasePromise) -> str:
    running = one.state == State.RUNNING and one.due_at is not None
    holes: dict[str, object] = {
        "url": _address("commitments:obligation", one.id),
        "evidence": _address("commitments:evidence", one.id),
        "title": one.title,
        "limit": one.number,
        "state": countdown(one.due_at, one.warn_at) if running else badge("obligation", one.shown_state),
    }
    if one.due_at:
        holes["due"] = localtime_of(one.due_at, "short")
    return mould("commitments/_case_row.html", tuple(holes), has_due=one.due_at is not None)(**holes)


def _address(name: str, number: int) -> str:
    return _pattern(name).replace("/0/", f"/{number}/")


@cache
def _pattern(name: str) -> str:
    """An address with a nought for the number: looking one up for each row costs more than showing the row."""
    return reverse(name, args=[0])


def _case_of(obj: object) -> tuple[str, int]:
    """A page hands over its record, or a mapping with `id`."""
    number = obj.get("id") if isinstance(obj, dict) else getattr(obj, "pk", None) or getattr(obj, "id", None)
    if not isinstance(number, int):
        raise NotFound
    return "ticket", number
