"""Held files and what was decided about them, to the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from mlay_batch.cli.options import say
from mlay_batch.cli.show import plain, show_json
from mlay_batch.messages import explain
from mlay_batch.pipeline.ruling import Ruled
from mlay_batch.records import Delivery
from mlay_batch.schema import Catalogue, Form


def show_held(found: Sequence[Delivery], known: Catalogue, lang: str, *, as_json: bool) -> None:
    """Print one block a file: its number, whose it is, why it is held."""
    if as_json:
        show_json([_as_json(d, known, lang) for d in found])
        return
    for delivery in found:
        about = " ".join(filter(None, (delivery.branch, delivery.period))) or "–"
        sender = delivery.sender or say(lang, f"held.{delivery.channel}")
        click.echo(plain(f"{delivery.id}  {delivery.name} · {about} · {sender}"))
        for message in _reasons(delivery, known, lang):
            click.echo(f"    {plain(message)}")
    click.echo(say(lang, "held.count", count=len(found)))


def show_ruled(done: Ruled, known: Catalogue, lang: str) -> None:
    """Print what became of the file, and why."""
    verdict = say(lang, f"verdict.{done.decision.verdict.value}")
    click.echo(plain(f"{done.delivery.id}  {done.delivery.name}: {verdict}"))
    for message in _reasons(done.delivery, known, lang):
        click.echo(f"    {plain(message)}")


def _reasons(delivery: Delivery, known: Catalogue, lang: str) -> list[str]:
    form = _form(delivery, known)
    return [f"{found.code}: {explain(found, form, lang)}" for found in delivery.findings]


def _form(delivery: Delivery, known: Catalogue) -> Form | None:
    return known.form(delivery.form or "", delivery.version or "")


def _as_json(delivery: Delivery, known: Catalogue, lang: str) -> Mapping[str, object]:
    return {
        "number": delivery.id,
        "file": delivery.name,
        "sender": delivery.sender,
        "subject": delivery.subject,
        "received": delivery.received,
        "form": delivery.form,
        "branch": delivery.branch,
        "period": delivery.period,
        "findings": _reasons(delivery, known, lang),
    }
