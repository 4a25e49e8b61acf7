"""Makes the forms that come with letters: blank ones, returned ones, ones to answer warnings in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import right_form
from mlay_batch.app.templates import file_name, template_context
from mlay_batch.app.version_migration import convert_rows, to_version
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Attachment
from mlay_batch.model.answers import AnswerKey, GivenAnswer, answer_key, answers_of
from mlay_batch.model.list_forms import as_table, table_findings, table_rows
from mlay_batch.model.records import LedgerEntry, Submission
from mlay_batch.schema import Form
from mlay_batch.schema.versions import field_mapping
from mlay_batch.template import FindingGroup, TemplateContext, group_findings, render


@dataclass(frozen=True)
class LetterForms:
    """Makes them from the ledger; `answers` are the ones to warnings that hold."""

    office: Office
    ledger: Ledger
    answers: Mapping[AnswerKey, GivenAnswer]

    def blank(self, form: Form, branch: str, period: Period, *, again: bool = False) -> Attachment:
        """Return the blank form; of one to be sent `again` the letter says by which day."""
        context = replace(self._context(form, branch, period), due_in_letter=again)
        template = as_table(form) if form.is_sketch else form
        return self._attachment(form, branch, period, template, context)

    def returned(
        self,
        form: Form,
        branch: str,
        period: Period,
        submission: Submission,
        findings: Iterable[Finding],
    ) -> tuple[Attachment, tuple[FindingGroup, ...]]:
        """Return what was sent in a fresh form with its findings marked, and their list.

        Of a list these are the branch's rows, in a table of their own.
        """
        context = self._context(form, branch, period).as_issued(submission.stamp)
        template, marked = form, tuple(findings)
        if form.is_sketch:
            template, marked = as_table(form), table_findings(form, marked)
            rows = table_rows(form, submission.rows, context.branch_name)
        else:
            old_form = self.office.catalogue.form(form.form, submission.version)
            mapping = field_mapping(self.office.catalogue, old_form, form) if old_form else {}
            rows = convert_rows(submission.rows, mapping, form)
        lines = group_findings(template, context, rows, marked)
        return self._attachment(form, branch, period, template, context, rows, marked), lines

    def to_explain(self, entry: LedgerEntry, findings: Iterable[Finding]) -> Attachment | None:
        """Return an accepted return in a form with cells for answers; None where all are given.

        Nor for one that has been replaced, that a program made, or that a list has.
        """
        warnings = tuple(finding for finding in findings if finding.is_answerable)
        is_open = any(answer_key(entry, finding) not in self.answers for finding in warnings)
        branch, period = entry.branch or "", Period.parse(entry.period or "")
        register, catalogue = self.office.register, self.office.catalogue
        is_answerable = entry.is_current and not entry.is_sketch
        if not is_open or not is_answerable or branch not in register.reporter_by_code:
            return None
        form = right_form(entry, branch, period, register, catalogue)
        if form is None or form.is_rollup:
            return None
        rows = to_version(catalogue, self.ledger.return_of(entry.id), form).rows
        context = self._context(form, branch, period)
        return self._attachment(form, branch, period, form, context, rows, warnings)

    def _context(self, form: Form, branch: str, period: Period) -> TemplateContext:
        organisation = self.office.register.reporters_of(form).by_code[branch]
        last_return = self.ledger.last_return(form.form, branch, period)
        context = template_context(self.office, form, organisation, period, last_return)
        given = answers_of(self.answers, (form.form, branch, str(period)))
        return replace(context, answers={key: answer.words for key, answer in given.items()})

    def _attachment(self, form: Form, branch: str, period: Period, *inputs: object) -> Attachment:
        """Return the file of a form, which is rendered from `inputs`."""
        reporter = self.office.register.reporters_of(form).by_code[branch]
        return Attachment(file_name(form, reporter, period), render, inputs)
