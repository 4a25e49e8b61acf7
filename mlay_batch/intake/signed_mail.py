"""Opens what is signed as a whole: S/MIME without a clear part, files named .p7m (RFC 5652).

The content lies in the clear within the signature, in BER. Only the way to it is read: the
signature is not checked, it proves no more than From would. Hostile lengths, depths and pieces are
bounded; nothing recurses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlay_batch.core.signature import Signature
from mlay_batch.intake.file_types import ENCRYPTED, is_file_content
from mlay_batch.model.records import IncomingFile

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # OID 1.2.840.113549.1.7.2
_HEAD_LENGTH = 40  # bytes within which the OID stands
_MAX_PIECES = 100_000  # of a content sent in pieces, commonly 1,000 bytes each
_OCTETS, _OCTET_PIECES, _CONTENT, _SET = 0x04, 0x24, 0xA0, 0x31  # tags
_BEFORE_SIGNERS = (0xA0, 0xA1)  # likewise
_CONSTRUCTED, _LONG_TAG, _OPEN_LENGTH = 0x20, 0x1F, 0x80


def is_signed(file: IncomingFile) -> bool:
    """Whether a file is signed data with its content, whatever its name."""
    return is_signed_data(file.data)


def is_signed_data(data: bytes) -> bool:
    """Whether bytes begin like signed data (CMS)."""
    return data.startswith(b"\x30") and _SIGNED_DATA in data[:_HEAD_LENGTH]


def has_signer(data: bytes) -> bool:
    """Whether signed data holds a signature: some only carry certificates."""
    try:
        at = _end(data, _content_info(data))
        for _ in range(2):  # certificates, revocation lists
            at = _end(data, at) if data[at] in _BEFORE_SIGNERS else at
        tag, start, stop = _header(data, at)
        return tag == _SET and (data[start] != 0 if stop is None else start < stop)
    except (IndexError, ValueError):
        return False


def signed_members(file: IncomingFile) -> Iterator[IncomingFile]:
    """Yield the signed file or mail; N19 where it cannot be found."""
    content = signed_content(file.data)
    if content is None:
        yield replace(file, skip_reason=ENCRYPTED)
        return
    name = file.name[:-4] if file.name.lower().endswith(".p7m") else file.name
    own = Signature.FILE if is_file_content(content) else Signature.MAIL
    name = name if own is Signature.FILE else f"{name}.eml"
    signature = file.signature.with_own(own) if has_signer(file.data) else file.signature
    origin = f"{file.origin}!{name}"
    yield replace(file, name=name, data=content, origin=origin, signature=signature)


def signed_content(data: bytes) -> bytes | None:
    """Return the content of signed data; None where it has none or is malformed."""
    try:
        _, at, stop = _header(data, _content_info(data))
        at = _end(data, at)  # its type
        if at == stop or data[at] != _CONTENT:
            return None
        _, at, _ = _header(data, at)
        return _octets(data, at)
    except (IndexError, ValueError):
        return None


def _content_info(data: bytes) -> int:
    """Return where EncapsulatedContentInfo begins."""
    _, at, _ = _header(data, 0)  # ContentInfo
    at = _end(data, at)  # its type
    _, at, _ = _header(data, at)  # [0]
    _, at, _ = _header(data, at)  # SignedData
    return _end(data, _end(data, at))  # version, digest algorithms


def _header(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Return tag, start and end of the element at `at`; no end where its length is left open."""
    tag, length, at = data[at], data[at + 1], at + 2
    if tag & _LONG_TAG == _LONG_TAG:
        raise ValueError("a long tag")
    if length == _OPEN_LENGTH:
        return tag, at, None
    if length > _OPEN_LENGTH:
        count = length - _OPEN_LENGTH
        length, at = int.from_bytes(data[at : at + count], "big"), at + count
    if at + length > len(data):
        raise ValueError("beyond the end")
    return tag, at, at + length


def _end(data: bytes, at: int) -> int:
    """Return where the element at `at` ends."""
    open_count = 0
    for _ in range(_MAX_PIECES):
        tag, start, stop = _header(data, at)
        open_count += 1 if stop is None else -1 if tag == 0 else 0
        at = start if stop is None else stop
        if open_count <= 0:
            return at
    raise ValueError("too many pieces")


def _octets(data: bytes, at: int) -> bytes:
    """Return the bytes of an octet string, which may come in pieces."""
    tag, at, end = _header(data, at)
    if tag == _OCTETS:
        return data[at:end]
    pieces: list[bytes] = []
    open_count = int(end is None)
    while open_count if end is None else at < end:
        tag, start, stop = _header(data, at)
        if tag not in (0, _OCTETS, _OCTET_PIECES) or len(pieces) > _MAX_PIECES:
            raise ValueError("no octet string")
        open_count += int(stop is None) - int(tag == 0)
        if tag == _OCTETS:
            pieces.append(data[start:stop])
        at = start if stop is None or tag & _CONSTRUCTED else stop
    return b"".join(pieces)
