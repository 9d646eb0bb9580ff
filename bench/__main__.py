"""Run all benches, or the one that is named."""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path

import structlog

from bench.figure import Figure

NOT_BENCHES = {
    "__init__", "__main__", "correspondence", "crowd", "drained", "figure", "floor", "incremental", "memory", "served",
    "store", "town",
}  # fmt: skip


def names() -> list[str]:
    """The benches, by their files' names."""
    return sorted({p.stem for p in Path(__file__).parent.glob("*.py")} - NOT_BENCHES)


def main(wanted: list[str]) -> int:
    """Print each figure as it comes; 1 where one does not hold, 2 for a name that is none."""
    least = structlog.make_filtering_bound_logger(logging.WARNING)  # as commands log
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), wrapper_class=least)
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"There is no bench {unknown[0]}; there are: {', '.join(names())}.", file=sys.stderr)
        return 2
    failed = False
    for name in wanted or names():
        for figure in importlib.import_module(f"bench.{name}").run():
            assert isinstance(figure, Figure)
            print(figure.line(), flush=True)
            failed |= not figure.holds
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
