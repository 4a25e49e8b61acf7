"""What a letter is about."""

from __future__ import annotations

from dataclasses import dataclass

from mlay_batch.core.period import Period
from mlay_batch.model.records import LedgerEntry


@dataclass(frozen=True, slots=True)
class Topic:
    """The subject matter of a letter.

    Attributes:
        key: the same in every letter about this topic.
        form: id of the form it concerns.
        branch: code of the organisation.
        period: period as the ledger writes it.
        entry_id: number of the ledger entry that is answered.

    >>> Topic.of("reminder", "meeting", "CB-01", "2019-11").key
    'reminder/meeting/CB-01/2019-11'
    """

    key: str
    form: str | None = None
    branch: str | None = None
    period: str | None = None
    entry_id: int | None = None

    @classmethod
    def of(cls, kind: str, form: str, branch: str, period: str, more: str = "") -> Topic:
        """Return the topic of a letter that does not answer a ledger entry."""
        key = "/".join(part for part in (kind, form, branch, period, more) if part)
        return cls(key, form, branch, period)

    @classmethod
    def repeat_correction(
        cls, entry: LedgerEntry, branch: str, period: Period, more: str = ""
    ) -> Topic:
        """Return the topic of a repeated request to correct a ledger entry."""
        key = "/".join(part for part in ("correction", entry.verdict_key, more) if part)
        return cls(key, entry.form, branch, entry.period or str(period), entry.id)

    @classmethod
    def answer(cls, entry: LedgerEntry, branch: str | None, period: Period) -> Topic:
        """Return the topic of the answer to an entry: one answer, and one more when judged anew.

        Of a file that names no period, `period` is asked for.
        """
        asked_period = entry.period or str(period)
        return cls(entry.answer_key, entry.form, branch, asked_period, entry.id)
