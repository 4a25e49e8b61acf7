"""Hands letters to the mail host: always encrypted, its certificate always verified."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlay_batch.errors import MlayError, UsageError, os_problem
from mlay_batch.mail.credentials import password, tls_context

if TYPE_CHECKING:
    from mlay_batch.app.settings import Smtp

PASSWORD_VARIABLE, KEYRING_SERVICE = "MLAY_SMTP_PASSWORD", "mlay-smtp"
_TIMEOUT = 60
_LOGIN_CODE = 235  # RFC 4954, section 6


class RefusedError(Exception):
    """The host refused: the letter certainly did not go out."""


class ConnectionLostError(Exception):
    """The connection broke: the letter may or may not have gone out."""


class SmtpTransport:
    """An open connection to a mail host."""

    def __init__(self, smtp: smtplib.SMTP, sender: str) -> None:
        self._smtp, self._sender = smtp, sender

    def deliver(self, to: Sequence[str], mail: bytes) -> tuple[str, ...]:
        """Hand over one mail; return the addresses refused while others were accepted.

        Raises RefusedError if all were refused, ConnectionLostError if that is unknown.
        """
        try:
            refused = self._smtp.sendmail(self._sender, list(to), mail)
        except smtplib.SMTPServerDisconnected as error:
            raise ConnectionLostError(str(error)) from error
        except (smtplib.SMTPException, UnicodeError) as error:
            raise RefusedError(_reply_text(error)) from error
        except OSError as error:
            raise ConnectionLostError(str(error)) from error
        return tuple(refused)


@contextmanager
def connect(settings: Smtp) -> Iterator[SmtpTransport]:
    """Log in at the mail host, and quit at the end.

    Raises MlayError ``smtp.connect`` (unreachable, or it does not encrypt), ``tls.certificate``
    (not trusted; no password was sent), UsageError ``smtp.password``, ``smtp.login``,
    ``tls.ca_file``.
    """
    secret = password(KEYRING_SERVICE, settings.user, PASSWORD_VARIABLE) if settings.user else ""
    context = tls_context(settings.ca_file)
    try:
        smtp = _open_connection(settings, context)
    except ssl.SSLCertVerificationError as error:
        params = {"host": settings.host, "problem": error.verify_message}
        raise MlayError("tls.certificate", **params) from error
    except (OSError, smtplib.SMTPException) as error:
        is_reply = isinstance(error, smtplib.SMTPException)
        problem = _reply_text(error) if is_reply else os_problem(error)
        raise MlayError("smtp.connect", host=settings.host, problem=problem) from error
    try:
        if settings.user:
            _log_in(smtp, settings, secret)
        yield SmtpTransport(smtp, settings.from_)
    finally:
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            smtp.close()


def _open_connection(settings: Smtp, context: ssl.SSLContext) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT, context=context)
    smtp = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT)
    try:
        smtp.starttls(context=context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, settings: Smtp, secret: str) -> None:
    user = settings.user or ""
    try:
        if f"{user}{secret}".isascii():
            smtp.login(user, secret)
        else:
            _log_in_utf8(smtp, user, secret)
    except (OSError, smtplib.SMTPException) as error:
        params = {"host": settings.host, "user": user, "problem": _reply_text(error)}
        raise UsageError("smtp.login", **params) from error


def _log_in_utf8(smtp: smtplib.SMTP, user: str, secret: str) -> None:
    """Log in with characters smtplib cannot write (RFC 4616: PLAIN takes UTF-8)."""
    smtp.ehlo_or_helo_if_needed()
    credentials = base64.b64encode(f"\0{user}\0{secret}".encode()).decode("ascii")
    code, reply = smtp.docmd("AUTH", f"PLAIN {credentials}")
    if code != _LOGIN_CODE:
        raise smtplib.SMTPAuthenticationError(code, reply)


def _reply_text(error: Exception) -> str:
    """Return the host's reply without the brackets and quotes of Python."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = dict.fromkeys(error.recipients.values())
        return "; ".join(_format_reply(code, text) for code, text in answers)
    if isinstance(error, smtplib.SMTPResponseException):
        return _format_reply(error.smtp_code, error.smtp_error)
    return str(error)


def _format_reply(code: int, text: bytes | str) -> str:
    message = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {message}".split())


class RateLimiter:
    """Limits letters per minute. Clock and sleep are parameters, so that tests need not wait."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._interval, self._clock, self._sleep = 60 / per_minute, clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next letter may go."""
        if (remaining := self._next - self._clock()) > 0:
            self._sleep(remaining)
        self._next = self._clock() + self._interval
