"""Benchmarks: `make bench [ONLY=name]` prints one JSON line a figure and exits 1 where one does not hold.

Each bench is a module with `run() -> Iterator[Figure]`. Figures are ratios within one run wherever they can be, because
machines differ and this one may be busy.
"""
