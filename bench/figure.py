"""What a bench yields."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the bar that it must not pass; `bar` None: shown for orientation only."""

    bench: str
    figure: str
    value: float
    bar: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the value keeps to its bar."""
        return self.bar is None or self.value <= self.bar

    def line(self) -> str:
        """The figure as one JSON line."""
        fields = {"bench": self.bench, "figure": self.figure, "value": round(self.value, 4)}
        if self.bar is not None:
            fields |= {"bar": self.bar, "holds": self.holds}
        return json.dumps(fields)
