"""How a commitment stands in a period, from its figures."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from shouyue.commitments.choices import Readiness, Standing


@dataclass(frozen=True, slots=True)
class Figures:
    """Obligations of a commitment that fall into a period, by outcome.

    missed includes those still open (`overdue`); running includes those soon due (`warned`).
    """

    kept: int = 0
    late: int = 0
    missed: int = 0
    overdue: int = 0
    running: int = 0
    paused: int = 0
    warned: int = 0
    refused: int = 0
    waived: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        """All figures in order."""
        return astuple(self)

    @property
    def fell_due(self) -> int:
        """How many have a verdict."""
        return self.kept + self.late + self.missed

    @property
    def broken(self) -> int:
        """How many were not kept in time."""
        return self.late + self.missed

    @property
    def open(self) -> int:
        """How many still run."""
        return self.running + self.paused

    @property
    def share(self) -> float | None:
        """Share kept in time, 0 … 1; None, never 1, when nothing fell due."""
        return self.kept / self.fell_due if self.fell_due else None


def share_tone(share: float | None) -> str:
    """The colour of a share kept: broken is broken, but 95 of 100 must not look like none.

    A reading aid of the pages, not a verdict: promised thresholds stand in the plan."""
    if share is None:
        return "muted"
    return "good" if share >= 0.95 else "warn" if share >= 0.8 else "bad"


def standing_of(
    readiness: Readiness, figures: Figures, reached: bool | None = None, *, is_over: bool = False
) -> Standing:
    """The word on the board.

    reached: of a target, whether its measure lies within bounds; is_over: the period ended."""
    if figures.broken:
        return Standing.BROKEN
    if readiness == Readiness.AWAITS:
        return Standing.NOT_EXECUTABLE
    if readiness == Readiness.UNSET:
        return Standing.UNSET
    if reached is not None:
        if reached:
            return Standing.KEPT
        return Standing.BROKEN if is_over else Standing.AT_RISK
    if figures.warned:
        return Standing.AT_RISK
    return Standing.KEPT if figures.kept else Standing.NOTHING_DUE
