"""The grammar of plan files as data: which keys a table may have, of what shape, and which are needed.

The reader and the published JSON Schema both come from here, so they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. shape: name of a reader and of a schema definition; field: its name in the model."""

    name: str
    shape: str
    needed: bool = False
    field: str = ""
    about: str = ""

    @property
    def target(self) -> str:
        return self.field or self.name


def keys(*entries: Key) -> dict[str, Key]:
    return {entry.name: entry for entry in entries}


PERIODS = ("day", "week", "month", "quarter", "half-year", "year", "contract-year", "once")
KINDS = ("deadline", "recurring", "quota", "target", "standing", "gate", "entitlement")
EVIDENCE_WORDS = ("photo", "signature", "form", "report", "file", "call", "location", "measure")
CHANNELS = ("app", "mail", "sms", "phone", "robot")
OUTCOMES = ("opened", "warned", "missed", "kept", "late")
CHARGES = ("free", "quoted", "by warranty")

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "obligor": ("provider", "customer", "vendor"),
    "bind": ("late", "opening"),
    "day_rule": ("close", "same time"),
    "silence": ("consent", "refusal", "escalate"),
    "closed_day": ("before", "after", "kept"),
    "gate_otherwise": ("refuse", "record breach"),
    "drawn": ("at random",),
    "seed": ("recorded",),
    "channel": CHANNELS,
    "signer": ("provider", "customer", "vendor", "supervision_firm"),
    "score_period": ("month", "quarter"),
}

PLAN = keys(
    Key("plan", "name", needed=True, field="name", about="The plan's name, also its file name."),
    Key("profile", "string", about="Name of the reference contract whose rows the plan states."),
    Key("prefix", "prefix", about="Prefix of the rows: B4 means B4-01, B4-02 …"),
    Key("promises", "count", about="How many rows there are."),
    Key("title", "text", needed=True, about="Title in Chinese and English."),
    Key("about", "text", about="A paragraph for the contract page."),
    Key("zone", "zone", about="IANA time zone; default Asia/Shanghai."),
    Key("windows", "windows", about="Service windows."),
    Key("scales", "scales", about="The contract's own words for a fact, lowest rank first."),
    Key("classes", "classes", about="Request classes."),
    Key("waits", "waits", about="Waiting states that may stop a clock."),
    Key("milestones", "milestones", about="Dates both sides record."),
    Key("stages", "stage_table", field="stages", about="Service stages, following each other."),
    Key("warranty", "warranty", about="Start of the warranty and its length per asset class."),
    Key("catalogue", "catalogue", about="Service items and their charge."),
    Key("defaults", "defaults", about="What commitments inherit."),
    Key("words", "titles", about="How the plan's own words are said: a word, or fact:value."),
    Key("scores", "scores", about="The score sheet of the customer's appraisal."),
    Key("settles", "settles", about="How contradictions of the contract's text were decided."),
    Key("commitments", "commitments", needed=True, about="The promises."),
)

WINDOW = keys(
    Key("title", "text"),
    Key("weekly", "weekly"),
    Key("holidays", "string"),
    Key("extra_workdays", "dates"),
    Key("extra_windows", "hours"),
    Key("zone", "zone"),
    Key("calendar", "word"),
)
SCALE_VALUE = keys(Key("zh", "string", needed=True), Key("en", "string", needed=True), Key("means", "text"))
CLASS = keys(Key("title", "text"), Key("when", "match"))
WAIT = keys(
    Key("from", "word", needed=True),
    Key("until", "words", needed=True),
    Key("when", "match"),
    Key("title", "text"),
)
MILESTONE = keys(Key("title", "text", needed=True), Key("signed_by", "signers"))
STAGE = keys(
    Key("title", "text", needed=True),
    Key("from", "anchor", needed=True, field="begins"),
    Key("until", "anchor", field="ends"),
)
WARRANTY = keys(Key("starts", "anchor", needed=True), Key("classes", "warranty_classes"))
WARRANTY_CLASS = keys(
    Key("title", "text", needed=True), Key("lasts", "span_or_unset", needed=True), Key("starts", "anchor")
)
CATALOGUE_ITEM = keys(
    Key("title", "text", needed=True),
    Key("when", "match"),
    Key("stages", "names"),
    Key("charge", "charge", needed=True),
)
SETTLEMENT = keys(
    Key("id", "settlement_id", needed=True),
    Key("decision", "text", needed=True),
    Key("affects", "names"),
)
SCORES = keys(
    Key(
        "period",
        "score_period",
        about="How long a sheet runs, and how contracts are closed; month by default.",
    ),
    Key("base", "number_or_unset", about="What an area begins with; 100 by default."),
    Key("late", "share_or_unset", about="Share of the points a late keeping costs; all by default."),
    Key("freezes_after_days", "count", about="Days after its end before a period is closed; 5 by default."),
    Key("areas", "score_areas", needed=True, about="The areas with their weights."),
    Key("bands", "score_bands", about="What a total means for the payment, best first."),
)
SCORE_AREA = keys(
    Key("title", "text", needed=True),
    Key("weight", "number_or_unset", needed=True, about="Its weight in the total."),
    Key("cap", "number_or_unset", about="At most so many points are deducted; the base by default."),
    Key("covers", "names", about="Its commitments; left out: all with points that no other area covers."),
)
SCORE_BAND = keys(
    Key("at_least", "number_or_unset", needed=True, about="From this total on."),
    Key("payment", "share_or_unset", about="This share of the payment is due."),
    Key("credit", "share_or_unset", about="This share of the payment is given back as service credit."),
    Key("title", "text"),
)
STEP = keys(
    Key("at", "step_time", needed=True),
    Key("to", "words", needed=True),
    Key("by", "channels"),
    Key("repeat", "span"),
    Key("times", "count"),
    Key("tier", "string"),
)
SAMPLE = keys(
    Key("item", "word", needed=True),
    Key("share", "share_or_unset"),
    Key("count", "count_or_unset"),
    Key("at_least", "count"),
    Key("drawn", "drawn"),
    Key("seed", "seed"),
    Key("not_again_for", "span"),
)
ALLOWANCE = keys(Key("amount", "count_or_unset", needed=True), Key("every", "period", needed=True))

_COMMON = (
    Key("kind", "kind", needed=True, about="Kind of promise."),
    Key("title", "text", needed=True, about="A few words in both languages."),
    Key("text", "text", needed=True, about="The promise in full sentences, in both languages."),
    Key("source", "source", about="Row or rows of the promise register."),
    Key("internal", "truth", about="A helper no customer was promised."),
    Key("by", "obligor", about="Who owes it."),
    Key("owner", "word", about="Role that answers for it inside the provider."),
    Key("when", "match", about="Condition on the opening event, the act or the covered item."),
    Key("stages", "names", about="Stages in which it applies."),
    Key("outlives", "outlives", about="Goes on after the contract: forever, or so long."),
    Key("evidence", "evidence", about="What proves it."),
    Key("points", "number_or_unset", about="Points deducted for each miss."),
    Key("escalate", "escalate", about="Warnings and escalation steps, or none."),
    Key("consequence", "text", about="What the contract says follows a miss."),
    Key("note", "text", about="A remark for the contract page."),
    Key("to_agree", "text", about="The question still open with the customer."),
    Key("awaits", "words", about="Words the system does not know yet."),
)
_EVERY = Key("every", "period_or_unset", about="The period.")
_BOUNDS = (
    Key("at_least", "amount", about="Lower bound."),
    Key("at_most", "amount", about="Upper bound."),
    Key("equals", "amount", about="Exact value."),
    Key("between", "between", about="Range, such as 1..2."),
)
_KEPT_BY = Key("kept_by", "keeper", needed=True, about="What keeps it.")
_WITH = Key("with", "args", field="args", about="Facts the keeping event must carry, or parameters.")
_WINDOW = Key("window", "window_choice", about="Service window.")
_DUE = Key("due", "anchor_or_unset", about="The due moment, as an anchor.")
_NOT_BEFORE = Key("not_before", "anchor", about="Earlier keeping events do not count.")
_PRO_RATA = Key("pro_rata", "truth", about="A shortened period asks for less.")
_EACH = Key("each", "word", about="One obligation per such thing.")

COMMITMENTS: dict[str, dict[str, Key]] = {
    "deadline": keys(
        *_COMMON,
        Key("from", "triggers", needed=True, field="opened_by", about="What opens it."),
        _KEPT_BY,
        _WITH,
        Key("within", "limit", about="The limit."),
        _DUE,
        _WINDOW,
        Key("after", "span_or_unset", about="Opens only this long after the opening event."),
        Key("unless", "words", about="Verbs that prevent the opening."),
        _NOT_BEFORE,
        Key("pauses", "names_or_none", about="Waiting states that stop the clock."),
        Key("same", "word", about="What ties the opening and keeping event together."),
        Key("once", "truth", about="Only the first opening event of a case counts."),
        Key("void_by", "words", about="Verbs that make it void."),
        Key("undone_by", "words", about="Verbs that take the keeping back."),
        Key("silence", "silence", about="What a missed reply of the customer means."),
        _EACH,
        Key("bind", "bind", about="Whether facts that change later count."),
        Key("rebind_on", "words", about="Verbs that may change facts."),
        Key("day_rule", "day_rule", about="When the last working day is over."),
    ),
    "recurring": keys(
        *_COMMON,
        _EVERY,
        Key("max_gap", "span_or_unset", about="Never silent longer than this."),
        Key("times", "count_or_unset", about="How often within the period."),
        Key("opens", "anchor", about="When the obligation appears."),
        _NOT_BEFORE,
        _DUE,
        Key("covers", "cover", about="One obligation per covered thing."),
        _EACH,
        Key("sample", "sample", about="A random part of the things."),
        _KEPT_BY,
        _WITH,
        _WINDOW,
        Key("closed_day", "closed_day", about="Where a due day on a closed day moves."),
        Key("lead", "span_or_unset", about="How long before the due time the task is given."),
        _PRO_RATA,
    ),
    "quota": keys(
        *_COMMON,
        Key("every", "period_or_unset", needed=True, about="The period."),
        Key("amount", "gathered", needed=True, about="What is added up."),
        *_BOUNDS,
        _EACH,
        _PRO_RATA,
    ),
    "target": keys(
        *_COMMON,
        Key("every", "period_or_unset", needed=True, about="The period."),
        Key("measure", "word", needed=True, about="The measure."),
        _WITH,
        Key("over", "match", about="Condition on what is measured."),
        *_BOUNDS,
    ),
    "standing": keys(
        *_COMMON,
        Key("holds", "requirement", needed=True, about="What must hold."),
        Key("check", "span", about="How often it is looked at."),
        Key("check_on", "words", about="Verbs upon which it is looked at."),
        Key("grace", "span_or_unset", about="How long it may be broken."),
    ),
    "gate": keys(
        *_COMMON,
        Key("act", "words", needed=True, field="acts", about="The act that is refused."),
        Key("requires", "requirement", needed=True, about="What must be met."),
        Key("otherwise", "gate_otherwise", about="Refuse, or record a breach."),
        Key("given_by", "words", about="Who can meet it."),
    ),
    "entitlement": keys(
        *_COMMON,
        Key("decides", "words", needed=True, about="The decision to which the right applies."),
        Key("grants", "grants", needed=True, about="What the contract gives."),
        Key("until", "anchor", about="Until when."),
        Key("limit", "allowance", about="How much of it."),
    ),
}

DEFAULTS = keys(
    *(
        COMMITMENTS[kind][name]
        for kind, names in (
            (
                "deadline",
                "by owner evidence points escalate window pauses void_by undone_by bind rebind_on day_rule",
            ),
            ("recurring", "closed_day lead"),
        )
        for name in names.split()
    )
)

COMPARISONS = (
    "is",
    "not",
    "at_least",
    "above",
    "at_most",
    "below",
    "between",
    "known",
    "after",
    "before",
    "not_before",
    "not_after",
)
