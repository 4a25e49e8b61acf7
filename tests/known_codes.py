"""The codes of the findings that do not come from a form's own rules."""

from mlay_batch.messages import known

KNOWN_CODES = frozenset(entry.code for entry in known("vi"))
