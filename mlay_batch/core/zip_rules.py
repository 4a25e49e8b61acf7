"""What of a zip is read, what a damaged one raises in `zipfile`, and zips that are reproducible."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

# The usual methods (ECMA-376, part 2); a rarer one may allocate gigabytes at its start.
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    struct.error,
)

LEVEL = 6  # of compression; another one gives other bytes for the same parts


def write_parts(parts: Mapping[str, str | bytes], level: int = LEVEL) -> bytes:
    """Return a zip of those parts; the same parts, order and level give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.create_system = 0
            archive.writestr(member, part, zipfile.ZIP_DEFLATED, level)
    return buffer.getvalue()
