"""The words plan files may use, handed in by whoever knows the modules. Nothing here names a domain word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shouyue.contracts.plan_language.texts import Text

FactTypes = Mapping[str, str]
Facts = Mapping[str, FactTypes | None]

EVENT_FACTS: FactTypes = {"occurred_at": "instant", "verb": "code"}


@dataclass(frozen=True)
class Vocabulary:
    """What the modules declared.

    verbs, acts, decisions, items, measures, guards: word → its facts (of measures and guards: their parameters and
    what `over` may choose by), None when nobody declared them. A fact's type is code, boolean, integer, number,
    instant, day, duration, reference or digest. common: facts any event may carry. scales: fact → its values, lowest
    rank first. values: fact → all it can be, in no order. rebinding: verbs after which facts of a case may differ.
    dates: names an anchor may use.
    titles: word, or `fact:value`, → how it is said.
    """

    verbs: Facts = field(default_factory=dict)
    acts: Facts = field(default_factory=dict)
    decisions: Facts = field(default_factory=dict)
    items: Facts = field(default_factory=dict)
    measures: Facts = field(default_factory=dict)
    guards: Facts = field(default_factory=dict)
    common: FactTypes = field(default_factory=dict)
    rosters: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset({"contract.start", "contract.end", "warranty.start", "warranty.end"})
    scales: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rebinding: frozenset[str] = frozenset()
    titles: Mapping[str, Text] = field(default_factory=dict)

    def knows(self, word: str) -> bool:
        """Whether the word, or any word of the module it names, is declared."""
        return word in self.all_words() or any(known.startswith(word + ".") for known in self.all_words())

    def all_words(self) -> frozenset[str]:
        """Every word, facts included."""
        tables = (self.verbs, self.acts, self.decisions, self.items, self.measures, self.guards)
        words: set[str] = {*self.common, *self.rosters, *self.roles, *self.dates, *self.scales}
        for table in tables:
            words.update(table)
            for facts in table.values():
                words.update(facts or ())
        return frozenset(words)

    def words_for(self, sort: str) -> frozenset[str]:
        """Known words of a sort: verb, act, decision, item, measure, guard, roster, role, date."""
        plural = {"verb": self.verbs, "act": self.acts, "decision": self.decisions, "item": self.items}
        plural |= {"measure": self.measures, "guard": self.guards}
        if sort in plural:
            return frozenset(plural[sort])
        return {"roster": self.rosters, "role": self.roles, "date": self.dates}[sort]

    def facts_for(self, sort: str, word: str) -> FactTypes | None:
        """Facts of one word; None when the word is unknown."""
        table = {
            "verb": self.verbs,
            "act": self.acts,
            "decision": self.decisions,
            "item": self.items,
            "measure": self.measures,
            "guard": self.guards,
        }[sort]
        return table.get(word)


def read_vocabulary(stored: Mapping[str, Any]) -> Vocabulary:
    """A vocabulary from plain JSON values, as `shouyue vocabulary --json` prints them."""
    tables = {
        name: stored.get(name, {}) for name in ("verbs", "acts", "decisions", "items", "measures", "guards")
    }
    sets: dict[str, Any] = {
        name: frozenset(stored.get(name, ())) for name in ("rosters", "roles", "rebinding")
    }
    extra: dict[str, Any] = {}
    if "dates" in stored:
        extra["dates"] = frozenset(stored["dates"])
    return Vocabulary(
        **tables,
        **sets,
        **extra,
        common=stored.get("common", {}),
        scales={fact: tuple(values) for fact, values in stored.get("scales", {}).items()},
        values={fact: tuple(values) for fact, values in stored.get("values", {}).items()},
        titles={word: Text(**title) for word, title in stored.get("titles", {}).items()},
    )
