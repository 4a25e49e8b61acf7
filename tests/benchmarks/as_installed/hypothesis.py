"""Stands before the library of that name, which an installation has not: pandera imports it."""

raise ImportError(__doc__)
