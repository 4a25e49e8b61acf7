"""The rule CONTRIBUTING shows can be added as it stands: it replaces no rule, and it fires."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders import rule_samples
from builders.filled_forms import CATALOGUE

from mlay_batch.checks.identity import identify
from mlay_batch.checks.validate import validate
from mlay_batch.model.records import CheckedFile, IncomingFile, Row
from mlay_batch.reader import read
from mlay_batch.schema import Form
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.load import load_text
from mlay_batch.template import render

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASES = ("meeting-2018.yaml", "meeting-2025.yaml")


def extend(base: str) -> Form:
    """The form of a town that adds the field and the rule of CONTRIBUTING in a file of its own."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    field, rule = (re.sub(r"^", "      ", block, flags=re.M) for block in BLOCK.findall(text)[:2])
    own_text = (
        f"extends: {base}\nsections:\n  - id: meetings\n    fields:\n{field}\n    rules:\n{rule}\n"
    )
    form = load_text(own_text, "own.yaml", [shipped_folder("schemas")])
    assert isinstance(form, Form)
    return form


def central(form: Form) -> Form:
    central_form = CATALOGUE.form(form.form, form.version)
    assert central_form
    return central_form


@pytest.mark.parametrize("base", BASES)
def test_it_replaces_no_rule(base: str) -> None:
    form = extend(base)
    before = [(section.id, rule) for section, rule in central(form).rules()]
    after = [(section.id, rule) for section, rule in form.rules()]
    (new,) = [entry for entry in after if entry not in before]
    assert [entry for entry in after if entry != new] == before
    section, rule = new
    assert (section, rule.check, rule.params["value"]) == ("meetings", "at_most", "guests")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("guests", "fires"), [(20, False), (21, True)])
def test_it_fires(base: str, guests: int, fires: bool) -> None:
    form = extend(base)
    (new,) = {r.code for _, r in form.rules()} - {r.code for _, r in central(form).rules()}
    sample = next(s for s in rule_samples.samples() if s.form == central(form))
    rows = [_with(row, guests) for row in rule_samples.rows_of(sample)]
    catalogue = replace(CATALOGUE, forms=(form,))
    came = read(render(form, sample.context, rows), "a.xlsx", (form,))
    judged = CheckedFile(IncomingFile("a.xlsx", b"", "a.xlsx", "2026-12-01T00:00:00+07:00"), came)
    judged = identify(judged, catalogue, rule_samples.REGISTER, date(2026, 12, 1))
    lists = {name: dict(pairs) for name, pairs in rule_samples.LISTS.items()}
    (checked,) = validate([judged], lists, (form,))
    assert [finding.code for finding in checked.findings] == [new] * fires


def _with(row: Row, guests: int) -> Row:
    """The row with that many guests in the first meeting."""
    first = row.section == "meetings" and row.number == 1
    return replace(row, values={**row.values, "guests": guests}) if first else row
