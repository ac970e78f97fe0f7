"""The texts and figures under `data/`, read once a process."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PASSWORD = "keep-our-word"  # noqa: S105 -- of every demo account, printed and shown on the sign-in page
DATA = Path(__file__).resolve().parent.parent / "data"

CAUSES = {
    "hardware_fault": "line_hardware",
    "line_fault": "line_hardware",
    "configuration_error": "configuration",
    "operating_error": "operation",
    "software_error": "software_error",
    "software_shortcoming": "software_shortcoming",
}
EQUIPMENT = {
    "camera": "front_end",
    "lightning": "infrastructure",
    "box": "infrastructure",
    "power": "infrastructure",
    "transmission": "network",
    "network": "network",
    "server": "machine_room",
    "hardware": "desktop",
    "client": "desktop",
    "spare": "machine_room",
    "life_support": "front_end",
    "imaging": "front_end",
    "lab": "front_end",
    "ward": "front_end",
    "machine": "front_end",
    "cash": "front_end",
    "core": "network",
    "building": "network",
    "room": "network",
    "dormitory": "network",
}
FAULTS_OF = {
    "image": "image",
    "control": "image",
    "time": "image",
    "optical_fibre": "fibre",
    "network": "network",
    "switch": "network",
    "device": "network",
    "endpoint": "network",
    "power_supply": "power",
    "ups": "power",
    "grounding": "power",
    "database": "database",
    "virus": "virus",
    "printer": "peripheral",
    "printing": "peripheral",
    "scanner": "peripheral",
    "pos": "peripheral",
    "os": "os",
    "login": "account",
    "certificate": "account",
    "pc": "hardware",
    "notebook": "hardware",
    "hardware": "hardware",
    "environment": "hardware",
    "spare": "hardware",
    "storage": "hardware",
    "tube": "hardware",
    "vandalism": "hardware",
    "event": "network",
    "change": "network",
}


@dataclass(frozen=True)
class Fault:
    """A sort of fault, as a plan's people know it.

    asked: the request type of what is no fault; item: of the catalogue, when its charge is to be decided.
    """

    kind: str
    category: str
    titles: tuple[str, ...]
    says: tuple[str, ...]
    cause: str
    finding: str
    handling: str
    result: str
    complexity: str = ""
    severity: str = ""
    request_class: str = ""
    consultation: bool = False
    request: bool = False
    asked: str = ""
    item: str = ""

    @property
    def equipment_type(self) -> str:
        return EQUIPMENT.get(self.kind, "software")

    @property
    def fault_category(self) -> str:
        if self.category == "device" and self.equipment_type != "network":
            return "hardware"
        return FAULTS_OF.get(self.category, "application")

    @property
    def request_type(self) -> str:
        if self.asked:
            return self.asked
        if self.kind == "spare":
            return "spare_request"
        if self.consultation:
            return "consultation"
        if self.category == "enhancement":
            return "enhancement"
        return "service_request" if self.request else "incident"

    @property
    def is_remote(self) -> bool:
        """Whether nobody needs to go there."""
        return self.kind in ("platform", "software", "client", "security", "application") or self.consultation


@dataclass(frozen=True)
class Words:
    """What placeholders of a text stand for."""

    values: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """The text with its placeholders replaced; unknown ones are an error of the data."""
        return text.format(**self.values)


def _read(name: str) -> Any:
    return YAML(typ="safe").load((DATA / name).read_text("utf-8"))


@cache
def world() -> dict[str, Any]:
    """Names and places."""
    found: dict[str, Any] = _read("world.yaml")
    return found


@cache
def contracts() -> tuple[dict[str, Any], ...]:
    """The eight contracts with their figures."""
    return tuple(_read("contracts.yaml"))


@cache
def people() -> tuple[dict[str, Any], ...]:
    """The accounts."""
    return tuple(_read("people.yaml"))


@cache
def faults(plan: str) -> tuple[Fault, ...]:
    """The sorts of faults under a plan."""
    return tuple(_fault(row) for row in _read(f"faults-{plan}.yaml"))


def _fault(row: dict[str, Any]) -> Fault:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return Fault(**values)


@cache
def _talk() -> dict[str, list[str]]:
    found: dict[str, list[str]] = _read("talk.yaml")
    return found


def has_phrase(sort: str) -> bool:
    """Whether there is a way to say it."""
    return sort in _talk()


def phrase(rng: random.Random, sort: str, words: Words) -> str:
    """One of the ways to say it."""
    return words.fill(rng.choice(_talk()[sort]))


def person_name(rng: random.Random) -> str:
    """A name."""
    return str(rng.choice(world()["surnames"]) + rng.choice(world()["given"]))
