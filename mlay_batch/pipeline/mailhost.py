"""The mail host letters are handed to: always encrypted, its certificate always verified."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mlay_batch.errors import MlayError, UsageError
from mlay_batch.pipeline.secrets import password
from mlay_batch.settings import Smtp

PASSWORD, SERVICE = "MLAY_SMTP_PASSWORD", "mlay-smtp"
_SECONDS = 60


class RefusedError(Exception):
    """The host said no: for certain the letter did not go out."""


class LostError(Exception):
    """The connection broke: nobody knows whether the letter went out."""


class MailHost:
    """A mail host we are connected to."""

    def __init__(self, smtp: smtplib.SMTP, sender: str) -> None:
        self._smtp, self._sender = smtp, sender

    def deliver(self, to: Sequence[str], mail: bytes) -> tuple[str, ...]:
        """Hand over one mail; return the addresses refused while others were taken.

        Raises RefusedError where it was taken for nobody, LostError where that is not known.
        """
        try:
            refused = self._smtp.sendmail(self._sender, list(to), mail)
        except smtplib.SMTPServerDisconnected as error:
            raise LostError(str(error)) from error
        except (smtplib.SMTPException, UnicodeError) as error:
            raise RefusedError(str(error)) from error
        except OSError as error:
            raise LostError(str(error)) from error
        return tuple(refused)


@contextmanager
def connected(settings: Smtp) -> Iterator[MailHost]:
    """Log in at the mail host and leave it politely.

    Raises MlayError ``smtp.connect`` (unreachable, or its certificate is not to be trusted),
    UsageError ``smtp.password``, ``smtp.login``.
    """
    secret = password(SERVICE, settings.user, PASSWORD) if settings.user else ""
    try:
        smtp = _open(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise MlayError("smtp.connect", host=settings.host, problem=str(error)) from error
    try:
        if settings.user:
            _log_in(smtp, settings, secret)
        yield MailHost(smtp, settings.from_)
    finally:
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            smtp.close()


def _open(settings: Smtp) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=context)
    smtp = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
    try:
        smtp.starttls(context=context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, settings: Smtp, secret: str) -> None:
    try:
        smtp.login(settings.user or "", secret)
    except (OSError, smtplib.SMTPException) as error:
        told = {"host": settings.host, "user": settings.user, "problem": str(error)}
        raise UsageError("smtp.login", **told) from error


class Pace:
    """So many letters a minute and no more. Clock and sleep are given: tests do not wait."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._gap, self._clock, self._sleep = 60 / per_minute, clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next letter may go."""
        if (left := self._next - self._clock()) > 0:
            self._sleep(left)
        self._next = self._clock() + self._gap
