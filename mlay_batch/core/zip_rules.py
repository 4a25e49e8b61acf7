"""What of a zip is read, and what a damaged one raises in `zipfile`."""

from __future__ import annotations

import struct
import zipfile
import zlib

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
