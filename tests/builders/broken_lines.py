"""What must stand on one line of a screen, found where it is broken over two."""

import re

_BROKEN = re.compile(
    r"\bmlay\n[a-z]|--\w+\n(?:un)?sent|\b(?:[Tt]háng|[Qq]uý|[Nn]ăm)\n[\dIV]"
    r"|\w[-/]\n\w|\w\n-\w|\d\n/\d|\d[.,]\n\d|\d{4}\n\d\d?:\d\d|\bsố\n\d"
)


def broken_places(screen: str) -> list[str]:
    """Return the lines that end within a number, a day, a period, a code, a path or a command."""
    joined = re.sub(r"\n[ │┃]*", "\n", re.sub(r"[ │┃]*\n", "\n", screen))
    return [joined[max(0, m.start() - 20) : m.end() + 20] for m in _BROKEN.finditer(joined)]
