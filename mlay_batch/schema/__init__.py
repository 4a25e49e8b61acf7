"""The form language: YAML in `schemas/` to frozen records. The only place that knows YAML keys."""

from mlay_batch.schema.catalogue import Catalogue, load_catalogue
from mlay_batch.schema.model import Choice, Field, Form, Rule, Section, Text
from mlay_batch.schema.quotas import Quota, QuotaSpan
from mlay_batch.schema.schemes import Scheme

__all__ = [
    "Catalogue",
    "Choice",
    "Field",
    "Form",
    "Quota",
    "QuotaSpan",
    "Rule",
    "Scheme",
    "Section",
    "Text",
    "load_catalogue",
]
