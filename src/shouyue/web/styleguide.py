"""Sample data of the style guide: every component in every state, with realistic texts."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shouyue.kernel import clock
from shouyue.web import lists, states
from shouyue.web.htmx import pulse
from shouyue.web.spans import Mark, Segment

TONES = ("neutral", "info", "progress", "good", "warn", "bad", "muted")
COLUMNS = [
    lists.Column(key="number", label=_("Number"), sort="number"),
    lists.Column(key="title", label=_("Subject")),
    lists.Column(key="owner", label=_("Owner")),
    lists.Column(key="promise", label=_("Next promise"), sort="due"),
    lists.Column(key="minutes", label=_("Minutes"), sort="minutes", align="end"),
]


class SampleForm(forms.Form):
    """One field of each kind."""

    caller = forms.CharField(label=_("Caller"), help_text=_("Name or telephone number"), max_length=60)
    description = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 3}))
    urgency = forms.ChoiceField(label=_("Urgency"), choices=[("1", _("High")), ("2", _("Normal"))])
    channel = forms.ChoiceField(
        label=_("Channel"),
        widget=forms.RadioSelect,
        choices=[("phone", _("Telephone")), ("mail", _("E-mail"))],
    )
    vip = forms.BooleanField(label=_("Important person"), required=False)


def samples(request: HttpRequest) -> dict[str, Any]:
    """The template context of the style guide."""
    now = clock.now()
    bound = SampleForm(
        {"caller": "", "description": "核心交换机告警,二层办公室断网", "urgency": "1", "channel": "phone"}
    )
    bound.add_error(None, _("The contract of this site has ended; the ticket will be charged."))
    return {
        "tones": TONES,
        "families": {name: states.states_of(name) for name in ("obligation", "promise", "yesno")},
        "form": SampleForm(),
        "bound": bound,
        "now": now,
        "ok_due": now + timedelta(hours=1, minutes=23, seconds=45),
        "warn_due": now + timedelta(minutes=4),
        "over_due": now - timedelta(seconds=10),
        "far_due": now + timedelta(days=3, hours=4),
        "warn_at": now - timedelta(minutes=1),
        "earlier": now - timedelta(minutes=47),
        "seconds": 12_000,
        "segments": _segments(now),
        "marks": [Mark(now - timedelta(minutes=100), _("Arrived"), "info"), Mark(now, _("Due"), "bad")],
        "timeline": _timeline(now),
        "pairs": _pairs(),
        "tabs": _tabs(request),
        "files": _files(now),
        "exports": [
            lists.Export(label=_("Table (CSV)"), url="#csv"),
            lists.Export(label=_("Document (PDF)"), url="#pdf", icon="file-text"),
        ],
        "list": sample_list(request),
        "empty_list": _empty_list(),
        "nothing": lists.Empty(
            title=_("No open tickets"), text=_("New ones appear here by themselves."), icon="circle-check"
        ),
    }


def sample_list(request: HttpRequest) -> lists.ListPage:
    """A list page with four rows."""
    filters = lists.filters_from(
        request,
        [
            lists.Filter(key="q", label=_("Search"), kind="search", placeholder=_("Number, subject, caller")),
            lists.Filter(key="state", label=_("State"), choices=_state_choices()),
            lists.Filter(key="since", label=_("Since"), kind="date"),
        ],
    )
    words = filters[0].value
    rows = [row for row in _rows() if not words or words in row.title]
    return lists.ListPage(
        id="sample-list",
        caption=_("Sample tickets"),
        columns=COLUMNS,
        rows=rows,
        row_template="web/_styleguide_row.html",
        empty=lists.Empty(title=_("No open tickets")),
        filters=filters,
        sort=lists.sort_from(request, COLUMNS, "due"),
        next_cursor=lists.encode_cursor([4]),
        total=1042,
        exports=[lists.Export(label=_("Table (CSV)"), url="#csv")],
        live_url=reverse("web:styleguide_part", args=["rows"]),
    )


def live_rows(request: HttpRequest) -> HttpResponse:
    """A pulse whose version is given by the caller, for the browser tests."""
    return pulse(request, request.COOKIES.get("styleguide_version", "1"))


def options(request: HttpRequest) -> list[SimpleNamespace]:
    """Combobox options that contain the search words."""
    words = request.GET.get("q", "").strip()
    people = [
        ("1", "王建国", "政务中心 · 二层"),
        ("2", "李晓梅", "政务中心 · 机房"),
        ("3", "张伟", "路口 17"),
    ]
    return [
        SimpleNamespace(value=value, label=label, note=note, disabled=False)
        for value, label, note in people
        if words in label or words in note
    ]


def _state_choices() -> list[lists.Choice]:
    return [
        lists.Choice(value="new", label=_("New"), count=3),
        lists.Choice(value="waiting", label=_("Waiting"), count=12),
    ]


def _rows() -> list[SimpleNamespace]:
    now = clock.now()
    texts = [
        ("ZW-2026-1042", "政务大厅叫号系统无法连接数据库", "陈思远", -10, "bad"),
        ("SP-2026-0388", "路口 17 球机离线,疑似供电故障", "刘强", 240, "warn"),
        ("ZM-2026-0911", "财务部打印机驱动异常,无法双面打印", "赵敏", 5025, ""),
        ("PT-2026-0077", "平台接口返回 502,影响三家地市公司数据上报", "周海涛", 300_000, ""),
    ]
    return [
        SimpleNamespace(
            id=index,
            number=number,
            title=title,
            owner=owner,
            due_at=now + timedelta(seconds=left),
            warn_at=now + timedelta(seconds=left - 600),
            edge=edge,
            minutes=index * 1234.5,
        )
        for index, (number, title, owner, left, edge) in enumerate(texts, start=1)
    ]


def _segments(now: datetime) -> list[Segment]:
    def ago(minutes: int) -> datetime:
        return now - timedelta(minutes=minutes)

    return [
        Segment(ago(180), ago(100), "info", _("Running")),
        Segment(ago(100), ago(60), "muted", _("Paused")),
        Segment(ago(60), ago(5), "info", _("Running")),
        Segment(ago(5), now, "bad", _("Overdue")),
    ]


def _timeline(now: datetime) -> list[SimpleNamespace]:
    def entry(minutes: int, title: Any, **more: Any) -> SimpleNamespace:
        return SimpleNamespace(at=now - timedelta(minutes=minutes), title=title, **more)

    return [
        entry(
            3,
            _("Resolved"),
            actor="陈思远",
            icon="circle-check",
            tone="good",
            text="更换网线,连接恢复。",
        ),
        entry(41, _("Arrived on site"), actor="刘强", icon="map-pin-check", tone="info"),
        entry(
            58, _("Promise missed"), icon="circle-x", tone="bad", text="现场到达承诺 30 分钟,实际 37 分钟。"
        ),
        entry(95, _("Reported by telephone"), actor="王建国", icon="phone-incoming"),
    ]


def _pairs() -> list[tuple[Any, Any]]:
    return [
        (_("Customer"), "滨海市政务服务中心"),
        (_("Site"), "二层大厅"),
        (_("Contact"), "王建国 138 0000 0000"),
        (_("Contract"), "GOV-BUILD"),
        (_("Serial number"), None),
    ]


def _tabs(request: HttpRequest) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(key="work", label=_("Work"), url=request.path, count=None, icon="tool"),
        SimpleNamespace(key="promises", label=_("Promises"), url="?tab=promises", count=7, icon="clock"),
        SimpleNamespace(key="files", label=_("Files"), url="?tab=files", count=2, icon="paperclip"),
    ]


def _files(now: datetime) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            name="现场照片-交换机.jpg", size=842_113, url="#a", by="刘强", at=now, preview_url=""
        ),
        SimpleNamespace(
            name="fault-report-ZW-2026-1042.pdf", size=52_900, url="#b", by="", at=None, preview_url=""
        ),
    ]


def _empty_list() -> lists.ListPage:
    return lists.ListPage(
        id="empty-list",
        caption=_("Sample tickets"),
        columns=COLUMNS,
        rows=[],
        row_template="web/_styleguide_row.html",
        empty=lists.Empty(
            title=_("No tickets yet"),
            text=_("Faults that customers report appear here."),
            icon="inbox",
            action_url="#new",
            action_label=_("New ticket"),
        ),
    )
