"""The report of a pack: a workbook for reckoning, a PDF for reading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from shouyue.commitments.choices import State

COUNTED = ("kept", "late", "missed", "waived", "running", "paused", "refused")
_TEMPLATE = Path(__file__).with_name("report.typ")


def fonts() -> str:
    """The folder of the fonts the PDF is set in. Raises: ModuleNotFoundError."""
    import manimgx_fonts_cjk

    return str(Path(manimgx_fonts_cjk.__file__).parent)


def write_workbook(
    path: Path, register: Mapping[str, Any], rows: Iterable[Sequence[Any]], language: str
) -> None:
    """Three sheets: promises with their totals as formulas over the rows, one row per obligation, corrections."""
    book = Workbook(write_only=True)
    summary = book.create_sheet(_("Promises"))
    listed = book.create_sheet(_("Obligations"))
    corrections = book.create_sheet(_("Corrections"))
    names = [str(State(state).label) for state in COUNTED]
    summary.append(_bold(summary, [_("Promise"), _("Row"), _("Name"), *names, _("Share kept")]))
    title = "title_zh" if language.startswith("zh") else "title_en"
    count = len(register["commitments"])
    for number, one in enumerate(register["commitments"], 2):
        cells = _text(summary, [one[title], " ".join(one["source"]), one["name"]])
        formulas = [
            f"=COUNTIFS('{_('Obligations')}'!$A:$A,$C{number},'{_('Obligations')}'!$F:$F,\"{state}\")"
            for state in COUNTED
        ]
        share = f'=IF(SUM(D{number}:F{number})=0,"{_("no data")}",D{number}/SUM(D{number}:F{number}))'
        summary.append([*cells, *formulas, share])
    last = count + 1
    sums = [f"=SUM({letter}2:{letter}{last})" for letter in "DEFGHIJ"]
    summary.append([*_bold(summary, [_("Sum"), "", ""]), *sums, ""])
    head = [
        "commitment",
        "obligation",
        "subject",
        "case",
        "occurrence",
        "state",
        "started",
        "due",
        "kept",
        "missed",
        "settled",
    ]
    listed.append(_bold(listed, head))
    for row in rows:
        listed.append(_text(listed, row[: len(head)]))
    corrections.append(
        _bold(corrections, [_("Promise"), _("Obligation"), _("Before"), _("After"), _("Who"), _("At")])
    )
    for one in (register["closing"] or {}).get("adjustments", ()):
        corrections.append(
            _text(
                corrections,
                [one["commitment"], one["obligation"], one["before"], one["after"], one["who"], one["at"]],
            )
        )
    book.save(path)


def _text(sheet: Any, values: Iterable[Any]) -> list[Any]:
    """Cells that stay text, whatever a spreadsheet might take them for."""
    cells = []
    for value in values:
        cell = WriteOnlyCell(
            sheet, value=value if isinstance(value, int) else str(value if value is not None else "")
        )
        if not isinstance(value, int):
            cell.data_type = "s"
        cells.append(cell)
    return cells


def _bold(sheet: Any, values: Iterable[Any]) -> list[Any]:
    cells = _text(sheet, values)
    for cell in cells:
        cell.font = Font(bold=True)
    return cells


def _said(state: str) -> str:
    return str(State(state).label) if state else "—"


def _figures(figures: Mapping[str, int]) -> list[str]:
    """The counts of a promise; where nothing fell due the words, so that no reader takes it for kept."""
    if not any(figures[state] for state in COUNTED[:5]):
        return [_("no data"), *[""] * 4]
    return [str(figures[state]) for state in COUNTED[:5]]


def _score(scores: Mapping[str, Any]) -> str:
    said = f"{scores['total']} / {scores['base']}"
    return said if scores["has_data"] else f"{said} ({_('no data')})"


def write_pdf(path: Path, register: Mapping[str, Any], language: str) -> None:
    """A4: head, totals, one line per promise, corrections. Raises: RuntimeError when it cannot be set."""
    chinese = language.startswith("zh")
    title = "title_zh" if chinese else "title_en"
    closing = register["closing"] or {}
    scores = register.get("scores")
    data = {
        "lang": "zh" if chinese else "en",
        "title": _("Compliance report"),
        "contract": f"{register['contract']} {register['contract_name']}",
        "facts": [
            [_("Customer"), register["customer_name"]],
            [_("Period"), f"{register['period']}（{register['since'][:10]} – {register['until'][:10]}）"],
            [_("Service plan"), register["plan"]],
            [_("Made at"), register["made_at"]],
            [
                _("Figures"),
                _("frozen %(digest)s") % {"digest": closing["digest"]} if closing else _("not frozen yet"),
            ],
            *([[_("Score"), _score(scores)]] if scores else []),
        ],
        "head": [_("Row"), _("Promise"), *(str(State(state).label) for state in COUNTED[:5])],
        "rows": [
            [" ".join(one["source"]), one[title], *_figures(one["figures"])]
            for one in register["commitments"]
        ],
        "total": [_("Sum"), "", *(str(register["totals"][state]) for state in COUNTED[:5])],
        "corrections_title": _("Corrections since the period was closed"),
        "corrections": [
            [one["commitment"], f"{_said(one['before'])} → {_said(one['after'])}", one["who"], one["at"][:19]]
            for one in closing.get("adjustments", ())
        ],
        "note": _("Every number is counted from obligations.csv; verify.py checks it."),
    }
    path.write_bytes(
        typst.compile(
            str(_TEMPLATE),
            format="pdf",
            font_paths=[fonts()],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )
    )
