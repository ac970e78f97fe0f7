"""Template tags of the shell: ``{% load shouyue %}``. Inputs of each are listed in docs/web.md."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.http import HttpRequest
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from shouyue import __version__
from shouyue.kernel import clock
from shouyue.web import panels, states, wording
from shouyue.web.lists import Choice, Filter
from shouyue.web.moulds import lines, mould
from shouyue.web.moulds import text as _text
from shouyue.web.spans import Mark, Segment, drawn

register = template.Library()

_FORMATS = {
    "short": "%m-%d %H:%M",
    "minute": "%Y-%m-%d %H:%M",
    "long": "%Y-%m-%d %H:%M:%S",
    "date": "%Y-%m-%d",
    "time": "%H:%M",
}


# --- icons, badges, people -------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: the text beside it says the same."""
    return _icon(name, css)


@cache
def _icon(name: str, css: str) -> SafeString:
    # a page has some hundred icons and the sprite's address never changes while the process lives
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def badge(family: str, state: object, label: str = "") -> SafeString:
    """A state as colour, icon and text; the looks are registered in `shouyue.web.states`."""
    tone, icon_name, told = states.told(family, state)
    return SafeString(
        f'<span class="sy-badge tone-{tone}">{_icon(icon_name, "")}{_text(label or told)}</span>'
    )


@register.simple_tag
def badge_of(look: states.Look, label: str = "") -> SafeString:
    """A look as a badge; label replaces its text."""
    text = _text(label or look.label)
    return SafeString(f'<span class="sy-badge tone-{look.tone}">{_icon(look.icon, "")}{text}</span>')


@register.simple_tag
def tag(text: object, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A short label in one of the seven tones, e.g. a priority or a kind."""
    drawn_icon = _icon(icon_name, "") if icon_name else ""
    return SafeString(f'<span class="sy-badge tone-{_text(tone)}">{drawn_icon}{_text(text)}</span>')


@register.simple_tag
def avatar(name: str, size: str = "sm") -> SafeString:
    """A person's initial on a colour that follows from the name. size: ``xs``, ``sm``, ``md``."""
    colour = sum(name.encode()) % 8
    initial = name.strip()[:1].upper() or "?"
    return SafeString(
        f'<span class="avatar avatar-{_text(size)} rounded-circle sy-avatar-{colour}" aria-hidden="true"'
        f' translate="no">{_text(initial)}</span>'
    )


@register.simple_tag
def person(name: str, note: str = "") -> SafeString:
    """Initial and name, with an optional second line."""
    second = f'<span class="sy-person-note">{_text(note)}</span>' if note else ""
    return SafeString(
        f'<span class="sy-person">{avatar(name, "xs")}<span><span class="sy-person-name">{_text(name)}</span>'
        f"{second}</span></span>"
    )


@register.simple_tag
def app_version() -> str:
    """The release that made this page."""
    return __version__


# --- times and numbers -----------------------------------------------------------------------------------------


@register.simple_tag
def localtime_of(moment: datetime | None, style: str = "minute") -> SafeString:
    """An instant in the reader's zone. style: ``short`` (no year), ``minute``, ``long``, ``date``, ``time``."""
    if moment is None:
        return mark_safe('<span class="text-secondary">—</span>')
    local = moment.astimezone(timezone.get_current_timezone())
    exact = local.isoformat(" ", "seconds")[:19]
    shown = exact if style == "long" else local.strftime(_FORMATS[style])
    return SafeString(
        f'<time datetime="{moment.isoformat()}" title="{exact} {_text(local.tzname())}">{shown}</time>'
    )


@register.simple_tag
def relative_time(moment: datetime | None) -> SafeString:
    """How long ago or until, with the exact time in the tooltip; scripts keep it current."""
    if moment is None:
        return mark_safe('<span class="text-secondary">—</span>')
    local = moment.astimezone(timezone.get_current_timezone())
    exact = f"{local.isoformat(' ', 'seconds')[:19]} {_text(local.tzname())}"
    told = _text(wording.relative(moment, clock.now()))
    return SafeString(f'<time datetime="{moment.isoformat()}" title="{exact}" data-relative>{told}</time>')


@register.simple_tag
def countdown(
    due_at: datetime | None,
    warn_at: datetime | None = None,
    state: str = "running",
    remaining: float | None = None,
) -> SafeString:
    """A live countdown to an instant.

    warn_at: turns amber from then on; state ``paused`` stands still at ``remaining`` seconds; any other state
    than running or paused shows nothing."""
    if state == "paused":
        text = gettext("Paused")
        left = f" · {wording.clock_text(remaining)}" if remaining is not None else ""
        return format_html(
            '<span class="sy-countdown is-paused">{}{}{}</span>', icon("clock-pause"), text, left
        )
    if due_at is None or state != "running":
        return SafeString("")
    now = clock.now()
    seconds = (due_at - now).total_seconds()
    warned = warn_at is not None and warn_at <= now
    kind = "overdue" if seconds < 0 else "warn" if warned else "ok"
    pattern = gettext("{time} overdue") if seconds < 0 else gettext("{time} left")
    text = pattern.replace("{time}", wording.clock_text(seconds))
    due, warn = due_at.isoformat(), warn_at.isoformat() if warn_at else ""
    local = due_at.astimezone(timezone.get_current_timezone())
    title = gettext("Due %(time)s") % {"time": local.isoformat(" ", "seconds")[:19]}
    return SafeString(
        f'<time class="sy-countdown is-{kind}" role="timer" datetime="{due}" data-countdown="{due}"'
        f' data-warn="{warn}" title="{_text(title)}">{_text(text)}</time>'
    )


@register.simple_tag
def obligation_chip(
    state: object,
    label: str = "",
    due_at: datetime | None = None,
    warn_at: datetime | None = None,
    remaining: float | None = None,
    url: str = "",
) -> SafeString:
    """A promise's state with its countdown while it runs; label: the promise in two or three words.

    remaining: seconds left while paused; url: page of the obligation."""
    value = str(getattr(state, "value", state))
    tone, icon_name, words = states.told("obligation", _shown_state(value, due_at, warn_at))
    if value == "running" and due_at is not None:
        told = str(countdown(due_at, warn_at))
    else:
        told = f"<span>{_text(words)}</span>"
        if value == "paused" and remaining is not None:
            told += f"<span>· {wording.clock_text(remaining)}</span>"
    named = f'<span class="sy-chip-label">{_text(label)}</span>' if label else ""
    start, end = (f'a href="{_text(url)}"', "a") if url else ("span", "span")
    return SafeString(f'<{start} class="sy-chip tone-{tone}">{_icon(icon_name, "")}{named}{told}</{end}>')


def _shown_state(state: str, due_at: datetime | None, warn_at: datetime | None) -> str:
    """What a running obligation looks like now; the sweep that records it may be a second behind."""
    if state != "running" or due_at is None:
        return state
    now = clock.now()
    return "overdue" if due_at < now else "warned" if warn_at is not None and warn_at <= now else "running"


@register.filter
def duration(seconds: float | None, parts: int = 2) -> str:
    """Seconds in words, e.g. ``3小时20分``; None as a dash."""
    return "—" if seconds is None else wording.duration(seconds, parts=parts)


@register.filter
def clock_text(seconds: float | None) -> str:
    """Seconds as ``1:23:45``."""
    return "—" if seconds is None else wording.clock_text(seconds)


@register.filter
def file_size(size: int | None) -> str:
    """Bytes as ``12.4 KB``."""
    return "—" if size is None else wording.file_size(size)


@register.filter
def number(value: float | Decimal | None, decimals: int = 0) -> str:
    """A number with thousands separators; None as a dash."""
    return "—" if value is None else f"{value:,.{decimals}f}"


@register.filter
def listed(texts: Iterable[object]) -> str:
    """Texts one after the other: ``一、二`` or ``one, two``."""
    return wording.listed(texts)


@register.filter
def noted(name: object, note: object) -> str:
    """A name with a note in brackets, e.g. a count."""
    return wording.noted(name, note)


@register.filter
def percent(share: float | None, decimals: int = 1) -> str:
    """A share of 1 as ``97.5%``; None as a dash. Never rounds up to 100."""
    if share is None:
        return "—"
    scale = 10**decimals
    value = share * 100
    shown = int(value * scale) / scale if 99 < value < 100 else round(value, decimals)
    return f"{shown:.{decimals}f}%"


# --- spans and progress ----------------------------------------------------------------------------------------


@register.inclusion_tag("web/components/time_span.html")
def time_span(
    segments: Sequence[Segment], label: str, marks: Iterable[Mark] = (), start: datetime | None = None
) -> dict[str, Any]:
    """Spans of time on one line: running, paused, overdue. label: what a screen reader hears."""
    return {"span": drawn(segments, marks, start), "label": label}


@register.inclusion_tag("web/components/progress.html")
def progress_bar(value: float, maximum: float = 100, label: str = "", tone: str = "info") -> dict[str, Any]:
    """A share of a whole; label: its name; the figure stands beside the bar."""
    share = min(max(value / maximum, 0), 1) if maximum else 0
    return {"value": value, "maximum": maximum, "label": label, "tone": tone, "share": share}


# --- time lines and pairs ----------------------------------------------------------------------------------------


@register.simple_tag
def timeline(entries: Iterable[Any]) -> SafeString:
    """What happened, entry by entry; by hand, because a page has dozens. Inputs: components/timeline.html."""
    drawn = []
    for entry in entries:
        actor, text = getattr(entry, "actor", ""), getattr(entry, "text", "")
        tone, drawn_icon = (
            getattr(entry, "tone", "") or "neutral",
            _icon(getattr(entry, "icon", "") or "point", ""),
        )
        told = f'<span class="sy-timeline-actor">{_text(actor)}</span>' if actor else ""
        body = f'<div class="sy-prose">{lines(str(text))}</div>' if text else ""
        part = getattr(entry, "template", "")
        if part:
            body += render_to_string(part, {"entry": entry})
        drawn.append(
            f'<li class="sy-timeline-entry"><span class="sy-timeline-icon tone-{_text(tone)}">{drawn_icon}</span>'
            f'<div class="sy-timeline-body"><div class="sy-timeline-head"><strong>{_text(entry.title)}</strong>{told}'
            f'<span class="sy-timeline-time">{localtime_of(entry.at, "long")}</span></div>{body}</div></li>'
        )
    if not drawn:
        return SafeString(f'<li class="text-secondary">{_text(gettext("Nothing has happened yet."))}</li>')
    return SafeString("\n".join(drawn))


@register.simple_tag
def pairs_of(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Labels with their values; an empty value shows as a dash."""
    dash = '<span class="text-secondary">—</span>'
    return SafeString(
        "".join(
            f"<div><dt>{_text(label)}</dt><dd>{dash if value is None or value == '' else _text(value)}</dd></div>"
            for label, value in pairs
        )
    )


# --- lists ------------------------------------------------------------------------------------------------------


@register.simple_tag
def filter_control(list_id: str, item: Filter) -> SafeString:
    """One control of a filter bar, from components/filter.html as a mould."""
    holes: dict[str, object] = {"id": f"{list_id}-{item.key}", "key": item.key, "label": item.label}
    if item.kind == "choice":
        holes["options"] = filter_options(item.choices, item.value)
    else:
        holes["value"] = item.value
    if item.kind in ("search", "text"):
        holes["placeholder"] = item.placeholder or item.label
    return mould("web/components/filter.html", tuple(holes), kind=item.kind, is_set=bool(item.value))(**holes)


def filter_options(choices: Iterable[Choice], value: str) -> SafeString:
    """The options of a filter; by hand, because a queue's filters have a hundred."""
    return SafeString(
        "".join(
            f'<option value="{_text(choice.value)}"{" selected" if choice.value == value else ""}>{_text(choice.label)}'
            f"{'' if choice.count is None else f' ({choice.count:,})'}</option>"
            for choice in choices
        )
    )


# --- forms -----------------------------------------------------------------------------------------------------


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField, help_text: str = "", hide_label: bool = False) -> dict[str, Any]:
    """A form field with label, help and errors, tied together by ids for assistive technology."""
    widget = bound.field.widget
    hint = help_text or str(bound.help_text)
    described = [f"{bound.auto_id}_help"] if hint else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    css = [widget.attrs.get("class", ""), _css_of(widget), "is-invalid" if bound.errors else ""]
    attrs: dict[str, Any] = {"class": " ".join(filter(None, css))}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if described:
        attrs["aria-describedby"] = " ".join(described)
    grouped = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attrs),
        "hint": hint,
        "check": isinstance(widget, CheckboxInput),
        "grouped": grouped,
        "hide_label": hide_label,
        "required": bound.field.required,
    }


def _css_of(widget: object) -> str:
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "sy-checks"  # Django puts the class on the group and on each input
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control"


# --- what never changes ---


class ConstantNode(template.Node):
    """Draws its content once per language, without any variable: what is kept can hold nothing of anybody."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._kept: dict[str, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language() or ""
        kept = self._kept.get(language)
        if kept is None:
            empty = Context()
            assert context.template is not None  # a node is drawn within its template
            with empty.bind_template(context.template):
                kept = self._kept[language] = self.nodelist.render(empty)
        return kept


@register.tag
def constant(parser: Parser, token: Token) -> ConstantNode:
    """What follows up to ``endconstant`` depends on the language alone: drawn once, variables are not seen in it."""
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(nodelist)


# --- blocks ----------------------------------------------------------------------------------------------------


@register.simple_block_tag
def card(content: str, title: str = "", icon_name: str = "", css: str = "", note: str = "") -> SafeString:
    """A titled card round its content."""
    # put together by hand: half a dozen stand on a page, and a template for each costs ten times as much
    named = f'<h2 class="card-title">{_icon(icon_name, "") if icon_name else ""}{_text(title)}</h2>'
    noted = f'<span class="sy-card-note">{_text(note)}</span>' if note else ""
    head = f'<header class="card-header">{named}{noted}</header>' if title else ""
    return SafeString(
        f'<section class="card sy-card {_text(css)}">{head}<div class="card-body">{content}</div></section>'
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str, wide: bool = False) -> SafeString:
    """A modal dialog, opened by ``data-dialog-open="<id>"`` on any button."""
    return _block("web/components/dialog.html", content, id=id, title=title, wide=wide)


@register.simple_block_tag
def drawer(content: str, id: str, title: str) -> SafeString:
    """A panel that slides in from the right, opened like a dialog."""
    return _block("web/components/dialog.html", content, id=id, title=title, drawer=True)


@register.simple_tag(takes_context=True)
def page_panels(context: Context, page: str, obj: object = None, place: str = "main") -> SafeString:
    """The panels that other modules registered for this page, as cards (bare in the shell's own places)."""
    request = context["request"]
    if page in ("topbar", "signed-out"):
        found = panels.panels_for(page, request, obj, place=place)
        return SafeString("".join(rendered.html for rendered in found))
    return panel_cards(request, page, obj, place)


def panel_cards(request: HttpRequest, page: str, obj: object = None, place: str = "main") -> SafeString:
    """The panels of a page as cards, for pages that draw themselves."""
    return SafeString(
        "".join(
            mould(
                "web/components/panel.html", ("title", "html"), key=one.panel.key, icon_name=one.panel.icon
            )(title=one.panel.title, html=SafeString(one.html))
            for one in panels.panels_for(page, request, obj, place=place)
        )
    )


def _block(name: str, content: str, **values: Any) -> SafeString:
    return SafeString(render_to_string(name, {"content": SafeString(content), **values}))
