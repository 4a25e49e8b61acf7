"""Says which warnings of a return its branch has to answer."""

from __future__ import annotations

from collections.abc import Container
from itertools import islice

from mlay_batch.schema.model import Form

MAX_QUESTIONS = 2
"""How many warnings of a return may demand an answer."""


def demanded(form: Form, codes: Container[str]) -> tuple[str, ...]:
    """Return which of these warnings must be answered: the first ones of the form."""
    asking = (rule.code for _, rule in form.rules() if rule.answer and rule.code in codes)
    return tuple(islice(asking, MAX_QUESTIONS))
