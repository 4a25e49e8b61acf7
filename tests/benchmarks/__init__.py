"""Whole processes measured against what anybody's program would have to do, in one run.

``make bench`` (or ``python -m benchmarks --help`` from ``tests/``). Figures are ratios between
programs that did the same files on the same machine minutes apart; seconds are shown, never
asserted.
"""
