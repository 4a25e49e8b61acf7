"""`python -m mlay_batch` and the console script `mlay`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from mlay_batch.cli import run  # start-up: a spawned reader child imports this module too

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
