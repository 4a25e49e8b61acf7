"""The codes of the findings that do not come from a form's own rules."""

from mlay_batch.core.messages import finding_descriptions

KNOWN_CODES = frozenset(entry.code for entry in finding_descriptions("vi"))
