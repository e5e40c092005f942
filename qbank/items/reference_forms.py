"""Forms of the reference manager."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp

from qbank.items.forms import DOI
from qbank.items.record import ReferenceRecord
from qbank.items.references import plain_doi, plain_pmid
from qbank.web.forms import Form, stripped

WEB = r"https?://[^\s/]+\S*\Z"


def _doi(value: object) -> object:
    return plain_doi(value) if isinstance(value, str) else value


def _pmid(value: object) -> object:
    return plain_pmid(value) if isinstance(value, str) else value


class ReferenceEntryForm(Form):
    """One reference, as the bank keeps it."""

    base = HiddenField()
    title = TextAreaField("Title", [DataRequired("A reference needs a title."), Length(max=1000)], [stripped])
    authors = TextAreaField("Authors (optional)", [Length(max=1000)], [stripped])
    container = StringField("Journal or book (optional)", [Length(max=500)], [stripped])
    year = IntegerField("Year (optional)", [Optional(), NumberRange(1500, 2100, "Give a year between 1500 and 2100.")])
    kind = StringField("Kind (optional)", [Length(max=100)], [stripped])
    doi = StringField(
        "DOI (optional)", [Optional(), Length(max=500), Regexp(DOI, message="A DOI looks like 10.1234/abc.")], [_doi]
    )
    pmid = StringField(
        "PMID (optional)", [Optional(), Regexp(r"[0-9]{1,8}\Z", message="A PMID has 1 to 8 digits.")], [_pmid]
    )
    url = StringField(
        "Web address (optional)",
        [Optional(), Length(max=1000), Regexp(WEB, message="A web address begins with http:// or https://.")],
        [stripped],
    )
    confirm = BooleanField("Change it for the items that name it, too")

    def record(self) -> ReferenceRecord:
        """Return what the form says."""
        return ReferenceRecord(
            title=self.title.data or "",
            authors=self.authors.data or None,
            container=self.container.data or None,
            year=self.year.data,
            kind=self.kind.data or None,
            doi=self.doi.data or None,
            pmid=self.pmid.data or None,
            url=self.url.data or None,
        )


class RetractForm(Form):
    """Marking a reference as retracted."""

    reason = TextAreaField(
        "Reason", [DataRequired("Say why: who retracted it, and when."), Length(max=2000)], [stripped]
    )
