"""mlay-batch: collect the monthly Excel returns of party branches and consolidate them.

The package is a chain of stages, one package each; see CONTRIBUTING.md for the map.
"""

__version__ = "0.1.0"
