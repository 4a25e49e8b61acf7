"""What every sheet is written from, and the names and words they share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from mlay_batch.core import messages
from mlay_batch.core.period import Period
from mlay_batch.figures.news import News, news
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.figures.unit_kinds import UNIT_KIND
from mlay_batch.model import rollup_form
from mlay_batch.model.records import LedgerEntry
from mlay_batch.model.signatures import SignatureState, signature_states
from mlay_batch.report.writer import Content, Hyperlink, ReportWriter
from mlay_batch.schema.catalogue import SourceFile
from mlay_batch.schema.ids import MEETING, ROLLUP
from mlay_batch.schema.indicators import Indicator
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.switches import fields_asked, switches_on, with_switches

_NUMERAL = re.compile(r"^[IVXLC]+\.\s*")


@dataclass(frozen=True)
class Provenance:
    """Where the figures come from: program, register and descriptions, by hash.

    `figures` is their fingerprint; `sums` that of what the level above computes again from the
    rows alone. Times are shown on the clock of `time_zone`.
    """

    program: str
    as_of: date
    register_sha256: str
    schemas: tuple[SourceFile, ...]
    note: str = ""
    figures: str = ""
    sums: str = ""
    time_zone: str = "Asia/Ho_Chi_Minh"


@dataclass(frozen=True)
class ReportWords:
    """The names and words of a report, in one language.

    Attributes:
        inputs: returns, register and descriptions.
        figures: the figures of the period.
        lang: the language, ``vi`` or ``en``.
        has_names: whether officers are named; else their posts stand for them.
    """

    inputs: ReportInputs
    figures: Figures
    lang: str
    has_names: bool = True

    @cached_property
    def news(self) -> tuple[News, ...]:
        """The sentences of the period that have something to say."""
        return news(self.inputs, self.figures)

    def t(self, key: str, **params: object) -> str:
        """Return a text of the report; a key such as ``branches/total`` names its own area."""
        area, _, name = key.rpartition("/")
        return messages.text(area or "report", name, self.lang, **params)

    def name(self, branch: str | None) -> str:
        """Return the name of an organisation or officer, the code where the register has none."""
        organisation = self.inputs.register.reporter_by_code.get(branch or "")
        return organisation.name if organisation else branch or ""

    def name_in_words(self, branch: str) -> str:
        """Return the name of an organisation, with the code where others share it."""
        name = self.name(branch)
        return f"{name} ({branch})" if self._name_counts[name] > 1 else name

    @cached_property
    def _name_counts(self) -> Mapping[str, int]:
        return Counter(organisation.name for organisation in self.inputs.register.organisations)

    def officer_name(self, code: str) -> str:
        """Return the name of an officer."""
        officer = self.inputs.register.officer_by_code.get(code)
        return officer.name if officer else code

    def officer_in_words(self, code: str) -> str:
        """Return the name of an officer, with the post (else the code) where others share it.

        Without names it is the post.
        """
        officer = self.inputs.register.officer_by_code.get(code)
        if officer is None:
            return code
        if not self.has_names:
            return officer.position or self.t("unnamed")
        namesakes = [other for other in self.inputs.register.officers if other.name == officer.name]
        if len(namesakes) == 1:
            return officer.name
        posts = [other.position for other in namesakes]
        is_known_by_post = officer.position and posts.count(officer.position) == 1
        return f"{officer.name} ({officer.position if is_known_by_post else code})"

    def state_title(self, kind: str, state: str) -> str:
        """Return the title of a state: `kind` is ``quota`` or ``return``."""
        return messages.text("figures", f"{kind}.{state}", self.lang)

    def sign_title(self, code: str) -> str:
        """Return the title of a sign by its code; the code where it was not seen."""
        indicator = self._indicators.get(code)
        return indicator.title.of(self.lang) if indicator else code

    @cached_property
    def _indicators(self) -> Mapping[str, Indicator]:
        """The signs seen by code, as in the first month each was seen."""
        hits = reversed(self.figures.indicator_hits)
        return {hit.indicator.code: hit.indicator for hit in hits}

    def band_title(self, band_id: str) -> str:
        """Return the title of a band of the meeting score; its id where the scheme has none."""
        scheme = self.figures.score_scheme
        bands = scheme.bands if scheme else ()
        return next((band.title.of(self.lang) for band in bands if band.id == band_id), band_id)

    def period_title(self, text: str | None) -> str:
        """Return the title of a period as the ledger writes it."""
        return Period.parse(text).title(self.lang) if text else ""

    def form_title(self, form_id: str | None) -> str:
        """Return the title of a form, as in the period where it holds then; else its id."""
        if form_id not in self._form_titles:
            self._form_titles[form_id] = self._find_form_title(form_id)
        return self._form_titles[form_id]

    @cached_property
    def _form_titles(self) -> dict[str | None, str]:
        """The titles asked for so far: every row of a list names its form."""
        return {}

    def _find_form_title(self, form_id: str | None) -> str:
        catalogue = self.inputs.catalogue
        form = catalogue.form_for(form_id or "", self.figures.period)
        versions = (version for version in catalogue.forms if version.form == form_id)
        titles = [version.title for version in (*sorted(versions, key=age_key), form) if version]
        if form_id == ROLLUP:
            titles.append(rollup_form.TITLE)
        return titles[-1].of(self.lang) if titles else form_id or ""

    def paper_title(self, entry: LedgerEntry) -> str:
        """Return the title of what a file is: of a list that, else of the form."""
        is_list, catalogue = entry.is_sketch, self.inputs.catalogue
        form = catalogue.form(entry.form, entry.version) if is_list else None
        return form.title.of(self.lang) if form else self.form_title(entry.form)

    @cached_property
    def has_lists(self) -> bool:
        """Whether a meeting of the year to date is known from a list alone."""
        return any(sitting.listed for sitting in self.figures.sittings)

    @cached_property
    def signatures(self) -> Mapping[int, SignatureState]:
        """What is known of the signature of each ledger entry, by its number."""
        return signature_states(self.inputs.ledger_entries)

    def is_reference_only(self, entry: LedgerEntry) -> bool:
        """Whether a return lacks the signature that the office demands."""
        profile = self.inputs.register.rules.profile
        return self.signatures[entry.id].is_reference_only(entry, profile)

    def signature_text(self, entry: LedgerEntry) -> str:
        """Return what is known of an entry's signature, and what it is worth without one."""
        text = self.signatures[entry.id].text(self.lang)
        return f"{text}; {self.t('signature.reference')}" if self.is_reference_only(entry) else text

    def kind_title(self, kind: str | None) -> str:
        """Return the title of a kind of unit; of None that it is not stated."""
        return self.choice_title(UNIT_KIND, kind) if kind else self.t("ratings/kind.unstated")

    def choice_title(self, list_id: str, choice_id: str) -> str:
        """Return the title of a choice of any form, the newest first; the id where unknown."""
        return self._choice_titles.get((list_id, choice_id), choice_id)

    @cached_property
    def _choice_titles(self) -> Mapping[tuple[str, str], str]:
        return {
            (list_id, choice.id): choice.title.of(self.lang)
            for form in self.inputs.catalogue.forms
            for list_id, choices in form.choices.items()
            for choice in reversed(choices)
        }


@dataclass(frozen=True, kw_only=True)
class ReportContext(ReportWords):
    """What every sheet is written from.

    Attributes:
        writer: the workbook.
        file_cells: the cell of each ledger entry in the list of received files.
    """

    writer: ReportWriter
    file_cells: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, writer: ReportWriter, inputs: ReportInputs, figures: Figures) -> ReportContext:
        """Return the context of a workbook, in the workbook's language."""
        return cls(inputs, figures, writer.lang, writer=writer)

    @property
    def asked(self) -> Set[str]:
        """The switches of the meeting form that are on in the period."""
        form = self.inputs.catalogue.form_for(MEETING, self.figures.period)
        return switches_on(form, self.inputs.register.asked) if form else frozenset()

    @cached_property
    def asked_fields(self) -> Mapping[str, Set[str]]:
        """What the office asks for in any version of a form, by its id (`fields_asked`)."""
        names: dict[str, Set[str]] = {}
        for form in self.inputs.catalogue.forms:
            on = switches_on(form, self.inputs.register.asked)
            asked = fields_asked(with_switches(form, on))
            names[form.form] = asked | names.get(form.form, frozenset())
        return names

    def file_number(self, entry_id: int) -> str:
        """Return the incoming number of a ledger entry; where it has none, that of the file."""
        return self._incoming_numbers.get(entry_id) or self.t("file_number", number=entry_id)

    @cached_property
    def _incoming_numbers(self) -> Mapping[int, str | None]:
        return {entry.id: entry.incoming for entry in self.inputs.ledger_entries}

    def file_link(self, entry_id: int) -> Content:
        """Return a link to that ledger entry in the list of received files."""
        target, number = self.file_cells.get(entry_id), self.file_number(entry_id)
        return Hyperlink(target, number) if target else number


def strip_number(title: str) -> str:
    """Return a section's title without its number.

    >>> strip_number("VI. Bồi dưỡng, kiểm tra, giám sát")
    'Bồi dưỡng, kiểm tra, giám sát'
    """
    return _NUMERAL.sub("", title)


def period_id(period: Period) -> str:
    """Return a period as formulas match it. A bare ``2019-11`` would be taken for a date.

    >>> period_id(Period.parse("2019-11"))
    'P2019-11'
    """
    return f"P{period}"
