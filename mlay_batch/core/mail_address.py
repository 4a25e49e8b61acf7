"""The one rule for mail addresses: in the register, in the settings, in letters.

An address is compared and written to in the form that `canonical` returns. What is no address is
never repaired, but `find_fault` says what is wrong with it, and what may be meant.
"""

from __future__ import annotations

import re
import unicodedata
from email.utils import getaddresses
from typing import Literal, NamedTuple

from mlay_batch.core.text import clean, strip_accents

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+")
_LONGEST = 254
_SCHEME = re.compile(r"mailto:\s*", re.IGNORECASE)
_REMARK = re.compile(r"\s+[-–—].*", re.DOTALL)  # "a@x.vn - Lan"
_AROUND = " \"'.,;:()[]"
_BETWEEN = re.compile(r"[\s,;/|]+")
_FOR_DOT = str.maketrans(",;", "..", " ")

Fault = Literal["around", "several", "no_at", "letters", "shape"]


class AddressFault(NamedTuple):
    """What is wrong with a text that should be an address, and the address that may be meant."""

    kind: Fault
    nearest: str | None = None


def canonical(address: str) -> str:
    """Return an address as it is compared and written to: small letters, no blanks around it.

    >>> canonical("\\u00a0CB01@Example.vn ")
    'cb01@example.vn'
    """
    return clean(address).lower()


def is_mail_address(text: str) -> bool:
    """Return whether mail hosts accept `text` as an address: RFC 5321 without quoted local parts.

    The local part takes an apostrophe and no dot at its ends; the domain takes no underscore.

    >>> is_mail_address("o'hara@x.vn"), is_mail_address("a@b_c.vn")
    (True, False)
    """
    return len(text) <= _LONGEST and bool(_ADDRESS.fullmatch(text))


def find_fault(text: str) -> AddressFault | None:
    """Return what is wrong with an address in its canonical form; None if nothing is.

    >>> find_fault("mailto:cb01@example.vn")
    AddressFault(kind='around', nearest='cb01@example.vn')
    >>> find_fault("chỉbộ@example,vn")
    AddressFault(kind='letters', nearest='chibo@example.vn')
    """
    if is_mail_address(text) and not _SCHEME.match(text):
        return None
    is_long = len(text) > _LONGEST
    if is_mail_address(address := text if is_long else _unwrap(text)):
        return AddressFault("around", address)
    if sum("@" in piece for piece in _BETWEEN.split(text)) > 1:
        return AddressFault("several")
    plain = strip_accents(unicodedata.normalize("NFKC", address)).translate(_FOR_DOT)
    if "@" not in plain:
        return AddressFault("no_at")
    return AddressFault("letters", plain) if is_mail_address(plain) else AddressFault("shape")


def _unwrap(text: str) -> str:
    """Return the address in ``mailto:…``, ``Name <…>``, quotes and dots, before a dash."""
    address = _SCHEME.sub("", text)
    if address != text:
        address = address.partition("?")[0]
    before_dash = _REMARK.sub("", address)
    address = before_dash if "@" in before_dash else address
    pairs = getaddresses([address])
    if len(pairs) == 1 and "@" in pairs[0][1]:
        address = pairs[0][1]
    return address.strip(_AROUND)
