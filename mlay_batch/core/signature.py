"""Names what of a file carries a digital signature. Nobody checks it: whose it is stays unknown."""

from __future__ import annotations

from enum import StrEnum


class Signature(StrEnum):
    """What of a file as it came in carries a digital signature."""

    UNKNOWN = "unknown"  # none could be looked for: encrypted, damaged, not opened
    NONE = "none"
    SCAN = "scan"  # a picture or a PDF, without one
    MAIL = "mail"  # the mail it came in
    FILE = "file"  # the file itself
    BOTH = "both"

    def with_own(self, own: Signature) -> Signature:
        """Return what a file carries that itself carries `own`, and around it this.

        >>> Signature.MAIL.with_own(Signature.FILE), Signature.MAIL.with_own(Signature.SCAN)
        (<Signature.BOTH: 'both'>, <Signature.MAIL: 'mail'>)
        """
        if self is Signature.NONE:
            return own
        return Signature.BOTH if {self, own} == {Signature.MAIL, Signature.FILE} else self
