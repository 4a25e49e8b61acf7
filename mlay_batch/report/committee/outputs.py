"""Writes what the committee gets beside the working workbook, all from the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import Output
from mlay_batch.report.committee.circulation_copy import write_circulation
from mlay_batch.report.committee.compose import chat_message, compose_report
from mlay_batch.report.committee.docx_report import write_docx
from mlay_batch.report.committee.leaks import find_docx_leaks, find_leaks, refuse_leaks
from mlay_batch.report.committee.paper_layout import layout_on
from mlay_batch.report.report_context import ReportWords


def write_outputs(inputs: ReportInputs, figures: Figures, lang: str) -> Mapping[Output, bytes]:
    """Return the report to sign, its copies for circulation with and without names, the message.

    The same inputs give the same bytes. Each file is read again as written: MlayError if it shows
    more than it says.
    """
    words = ReportWords(inputs, figures, lang)
    unnamed = replace(words, has_names=False)
    outputs = {
        Output.REPORT: write_docx(compose_report(words), layout_on(figures.as_of)),
        Output.CIRCULATION: write_circulation(compose_report(words, circulates=True)),
        Output.UNNAMED: write_circulation(compose_report(unnamed, circulates=True)),
        Output.MESSAGE: chat_message(words).encode(),
    }
    refuse_leaks(find_docx_leaks(outputs[Output.REPORT]), Output.REPORT)
    for kind in (Output.CIRCULATION, Output.UNNAMED):
        refuse_leaks(find_leaks(outputs[kind]), kind)
    return outputs
