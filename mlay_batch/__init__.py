"""mlay-batch: collect the monthly Excel returns of party branches and consolidate them.

The package is a chain of stages, one package each; see CONTRIBUTING.md for the map.
"""

import os

__version__ = "0.1.0"

# openpyxl writes through lxml where that is installed, and then other bytes: letters as character
# references. It asks once, at its first import.
os.environ["OPENPYXL_LXML"] = "False"
