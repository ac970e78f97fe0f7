"""The words plan files may use: what modules declared in the kernel's registries, and here.

Verbs come from `kernel.events`, acts and guards from `kernel.gates`; measures, decisions, covered items, scales and
facts of acts are declared here by the module that owns them, in its `apps.py`. Measures are computed by their module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.functional import Promise

from shouyue.contracts import glossary
from shouyue.contracts.choices import Role
from shouyue.contracts.plan_language.model import Match
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.plan_language.vocabulary import Vocabulary
from shouyue.kernel import events, gates

Label = str | Promise
FactTypes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """A measure of one contract over a span of time, its end excluded. over: what is measured; stage: only then."""

    contract_id: int
    since: datetime
    until: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    over: Match | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's value. amount: percent for shares, seconds for durations, None when nothing was there to measure.

    counted: how many things were measured; good: how many of them counted for the share.
    """

    amount: float | None
    counted: int = 0
    good: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A number a plan may set a target for.

    facts: type of each parameter and of each fact `over` may choose by; compute: runs in the caller's transaction.
    """

    name: str
    label: Label
    compute: Callable[[MeasureRequest], Measured]
    facts: FactTypes = field(default_factory=dict)


_measures: dict[str, Measure] = {}
_decisions: dict[str, tuple[Label, FactTypes]] = {}
_items: dict[str, tuple[Label, FactTypes]] = {}
_scales: dict[str, tuple[str, ...]] = {}
_values: dict[str, tuple[str, ...]] = {}
_act_facts: dict[str, FactTypes] = {}
_guard_facts: dict[str, FactTypes] = {}
_guard_labels: dict[str, Label] = {}
_rebinding: dict[str, None] = {}
_rosters: dict[str, Label] = {}
_fact_labels: dict[str, Label] = {}
_built: list[tuple[tuple[int, ...], Vocabulary]] = []


def declare_measure(measure: Measure) -> None:
    """Make a measure known. Raises: ValueError when another one has its name."""
    if _measures.setdefault(measure.name, measure) != measure:
        raise ValueError(f"measure {measure.name!r} is declared twice")


def declare_decision(name: str, label: Label, facts: FactTypes | None = None) -> None:
    """Make a decision known to which entitlements may speak; facts: fact → type."""
    _decisions[name] = (label, dict(facts or {}))


def declare_item(name: str, label: Label, facts: FactTypes | None = None) -> None:
    """Make a sort of thing known that recurring promises may cover; facts: what to choose by."""
    _items[name] = (label, dict(facts or {}))


def declare_scale(fact: str, words: Sequence[str]) -> None:
    """The module's own values of a fact, lowest rank first; a plan may have others."""
    _scales[fact] = tuple(words)


def declare_values(fact: str, words: Sequence[str]) -> None:
    """All a fact can be, wherever it occurs, where the list is closed and has no order."""
    _values[fact] = tuple(words)


def declare_act_facts(act: str, facts: FactTypes) -> None:
    """The facts a gate before this act may look at."""
    _act_facts[act] = dict(facts)


def declare_guard_words(guard: str, label: Label, facts: FactTypes | None = None) -> None:
    """What a guard is called, and its parameters."""
    _guard_labels[guard] = label
    _guard_facts[guard] = dict(facts or {})


def declare_fact(name: str, label: Label, values: Iterable[tuple[str, Label]] = ()) -> None:
    """How a fact and its values are said in sentences; values: value → label, such as `SomeChoices.choices`."""
    _fact_labels[name] = label
    _fact_labels.update({f"{name}:{value}": said for value, said in values})


def declare_rebinding(*verbs: str) -> None:
    """Verbs after which the facts of a case may differ, so that limits are looked up anew."""
    _rebinding.update(dict.fromkeys(verbs))


def declare_roster(name: str, label: Label) -> None:
    """A roster that may cover a window."""
    _rosters[name] = label


def measure(name: str) -> Measure:
    """Raises: KeyError."""
    return _measures[name]


def measures() -> Mapping[str, Measure]:
    """All measures by name."""
    return dict(_measures)


def rebinding_verbs() -> frozenset[str]:
    """Verbs after which facts of a case may differ."""
    return frozenset(_rebinding)


def current() -> Vocabulary:
    """The words of this release; built anew only when a module has declared more."""
    registries: tuple[Sized, ...] = (
        events.declared_verbs(),
        events.common_facts(),
        gates.declared_acts(),
        gates.declared_guards(),
        _measures,
        _decisions,
        _items,
        _scales,
        _values,
        _act_facts,
        _guard_facts,
        _rebinding,
        _rosters,
        _fact_labels,
    )
    state = tuple(len(registry) for registry in registries)
    if not _built or _built[-1][0] != state:
        _built[:] = [(state, _build())]
    return _built[-1][1]


def said(word: str, language: str) -> str:
    """A word as people say it; one without a title stands as it is."""
    title = current().titles.get(word)
    return title.pick(language) if title else word


def list_said(words: Iterable[str], language: str, own: Mapping[str, Text] | None = None) -> str:
    """Words as people say them, one after the other. own: how a plan says its own words."""
    titles = own or {}
    shown = [titles[word].pick(language) if word in titles else said(word, language) for word in words]
    return ("、" if language.startswith("zh") else ", ").join(shown)


def _build() -> Vocabulary:
    verbs = events.declared_verbs()
    return Vocabulary(
        verbs={name: {fact: kind.value for fact, kind in verb.facts.items()} for name, verb in verbs.items()},
        acts={name: _act_facts.get(name) for name in gates.declared_acts()},
        decisions={name: facts for name, (_label, facts) in _decisions.items()},
        items={name: facts for name, (_label, facts) in _items.items()},
        measures={name: dict(entry.facts) for name, entry in _measures.items()},
        guards={name: _guard_facts.get(name) for name in gates.declared_guards()},
        common={fact: kind.value for fact, kind in events.common_facts().items()},
        rosters=frozenset(_rosters),
        roles=frozenset(Role.values),
        scales=dict(_scales),
        values=dict(_values),
        rebinding=frozenset(_rebinding),
        titles=glossary.titles() | {word: _text(label) for word, label in _labels().items()},
    )


def _labels() -> dict[str, Label]:
    labels: dict[str, Label] = dict(_fact_labels) | {role.value: role.label for role in Role}
    labels |= {name: verb.label for name, verb in events.declared_verbs().items()}
    labels |= dict(gates.declared_acts()) | _guard_labels | _rosters
    labels |= {name: entry.label for name, entry in _measures.items()}
    labels |= {name: label for name, (label, _facts) in (_decisions | _items).items()}
    return labels


def _text(label: Label) -> Text:
    with translation.override("zh-hans"):
        zh = str(label)
    with translation.override("en"):
        return Text(zh, str(label))


def as_json(words: Vocabulary) -> dict[str, Any]:
    """A vocabulary as plain JSON values; `plan_language.vocabulary.read_vocabulary` reads it."""
    tables = ("verbs", "acts", "decisions", "items", "measures", "guards")
    stored: dict[str, Any] = {name: _sorted(getattr(words, name)) for name in tables}
    stored["common"] = dict(sorted(words.common.items()))
    stored |= {name: sorted(getattr(words, name)) for name in ("rosters", "roles", "dates", "rebinding")}
    stored["scales"] = {fact: list(values) for fact, values in sorted(words.scales.items())}
    stored["values"] = {fact: list(values) for fact, values in sorted(words.values.items())}
    stored["titles"] = {
        word: {"zh": title.zh, "en": title.en} for word, title in sorted(words.titles.items())
    }
    return stored


def _sorted(table: Mapping[str, FactTypes | None]) -> dict[str, dict[str, str] | None]:
    return {
        word: None if facts is None else dict(sorted(facts.items())) for word, facts in sorted(table.items())
    }
