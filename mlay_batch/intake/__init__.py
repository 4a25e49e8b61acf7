"""Unpacks what came in: files, folders, zips and mails become `IncomingFile`s. Knows no Excel.

    unpack      `list_files` and `unpack`: folders (Maildir too), containers in containers,
                signed copies beside a return
    zips eml outlook signed_mail
                .zip; .eml and mbox; .msg and winmail.dat; .p7m: the files in each
    mail_kinds  bounces, automatic replies, links in place of a file
    headers     what a mail says of itself, and what the office's own mail server says of it
    file_types  a file's type, by its first bytes and its name
    imap        downloads mails from the office's mailbox
    limits      sizes, numbers, depths

A container that cannot be opened, or is empty, is itself one ignored file, so that every file
received is counted. Names are for display: no file is ever written under one. Reason codes of
ignored files are N.. in `locale/findings-intake.yaml`.
"""

from mlay_batch.intake.file_signatures import look_for_signature
from mlay_batch.intake.headers import MailTrust
from mlay_batch.intake.unpack import FileRef, collect, list_files, pair_signed_copies, unpack

__all__ = [
    "FileRef",
    "MailTrust",
    "collect",
    "list_files",
    "look_for_signature",
    "pair_signed_copies",
    "unpack",
]
