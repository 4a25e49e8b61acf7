"""Files and folders to leaf files: bytes, name, where they came from. Knows no Excel.

    folders    which files lie there; Maildir
    opening    `list_files` and `unpack`: containers in containers
    zips mails mailboxes outlook   .zip, .eml, mbox, .msg and winmail.dat: what is in each
    headers    what a mail says of itself, and what the town's own server says of it
    kinds      what a file is
    copies     signed copies beside a return
    limits     sizes, numbers, depths

A container is opened and each of its members is a leaf; a container that cannot be opened, or has
nothing in it, is itself one ignored leaf, so that nothing received is lost from the count. Names
are for display: no file is ever written under one. Reason codes of ignored leaves are N.. in
`locale/findings-intake.yaml`.
"""

from mlay_batch.intake.headers import MailTrust
from mlay_batch.intake.unpack import FileRef, collect, list_files, pair_signed_copies, unpack

__all__ = ["FileRef", "MailTrust", "collect", "list_files", "pair_signed_copies", "unpack"]
