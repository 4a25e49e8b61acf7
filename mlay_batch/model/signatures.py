"""Says what of a return carries a digital signature: the file, its mail, a copy beside it.

That there is one is all that is known, neither whose it is nor whether it is valid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.core.signature import Signature
from mlay_batch.model.office_rules import Profile
from mlay_batch.model.records import LedgerEntry, Verdict, has_sender_doubt

_IN_MAIL = (Signature.MAIL, Signature.BOTH)
_IN_FILE = (Signature.FILE, Signature.BOTH)


@dataclass(frozen=True, slots=True)
class SignatureState:
    """What is known of the signatures of a file and of what came with it."""

    carriers: tuple[str, ...] = ()
    """What carries one: ``mail``, ``file`` (the file itself), ``copy`` (a copy beside it)."""
    has_scan: bool = False
    """Whether a picture or a PDF without one lies beside it."""
    is_unknown: bool = False
    """Whether one may be there that could not be looked for."""

    @classmethod
    def of(cls, files: Iterable[LedgerEntry], copies: Iterable[LedgerEntry]) -> SignatureState:
        """Return the state of what came as `files`, with `copies` beside it."""
        own = {entry.signature for entry in files}
        beside = {entry.signature for entry in copies}
        has_carrier = {
            "mail": _is_any(own, _IN_MAIL),
            "file": _is_any(own, _IN_FILE),
            "copy": _is_any(beside, _IN_FILE),
        }
        carriers = tuple(carrier for carrier, has in has_carrier.items() if has)
        return cls(carriers, Signature.SCAN in beside, Signature.UNKNOWN in own | beside)

    @property
    def is_unsigned(self) -> bool:
        """Whether there is none, wherever one was looked for."""
        return not self.carriers and not self.is_unknown

    def is_reference_only(self, entry: LedgerEntry, profile: Profile) -> bool:
        """Whether the office demands a signature of this accepted return, which has none."""
        is_return = entry.verdict is Verdict.ACCEPTED and entry.period is not None
        is_demanded = is_return and profile.demands_signature(Period.parse(entry.period or ""))
        return is_demanded and self.is_unsigned

    def text(self, lang: str) -> str:
        """Return the state in words."""
        if self.carriers:
            names = (text("report", f"signature.{carrier}", lang) for carrier in self.carriers)
            return text("report", "signature.signed", lang, carriers=", ".join(names))
        key = "unknown" if self.is_unknown else "scan" if self.has_scan else "none"
        return text("report", f"signature.{key}", lang)


def _is_any(signatures: Collection[Signature], wanted: Iterable[Signature]) -> bool:
    return any(signature in signatures for signature in wanted)


def signature_states(entries: Iterable[LedgerEntry]) -> Mapping[int, SignatureState]:
    """Return the state of each ledger entry, by its number.

    A copy counts for the return it lies beside. What repeats a return counts for that, unless its
    sender is in doubt: one that came unsigned is signed once it comes again with a signature.
    """
    by_id = {entry.id: entry for entry in entries}
    files: dict[int, list[LedgerEntry]] = {number: [entry] for number, entry in by_id.items()}
    copies: dict[int, list[LedgerEntry]] = {number: [] for number in by_id}
    for entry in by_id.values():
        if repeated := _repeated(entry):
            files[repeated].append(entry)
        if entry.kept_with:
            owner = by_id[entry.kept_with]
            for number in {owner.id, _repeated(owner) or owner.id}:
                copies[number].append(entry)
    return {number: SignatureState.of(files[number], copies[number]) for number in by_id}


def _repeated(entry: LedgerEntry) -> int | None:
    """Return the entry that another one repeats; None if its sender is in doubt."""
    is_repeat = entry.verdict is Verdict.DUPLICATE and not has_sender_doubt(entry.findings)
    return entry.refers_to if is_repeat else None
