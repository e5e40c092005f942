"""The gallery: every component in every state, from the real templates, with sample data and the real policy.

It needs no database and nobody signed in. The addresses of the site that the base templates link to are stubs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask, flash, render_template
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, NumberRange

from qbank import paths
from qbank.security import headers
from qbank.web import filters
from qbank.web.forms import CheckboxGroup, Form
from qbank.web.pagination import Page

HERE = __file__.rsplit("/", 1)[0]
PAGES = ("components", "forms", "tables", "charts", "room", "answered", "review", "desk", "sign-in", "error")
NAV = (("Home", 0), ("Practise", 0), ("History", 0), ("Articles", 3), ("Items", 1204), ("Groups", 0), ("People", 0))


class SampleForm(Form):
    """One field of every kind."""

    name = StringField("Name of the block", [DataRequired("Give the block a name.")])
    secret = PasswordField("Password", description="Fifteen characters or more.")
    count = IntegerField("Number of items", [NumberRange(1, 40, "Between 1 and 40.")])
    due = DateField("Due date (optional)")
    preset = SelectField("Preset", choices=[("p90", "Practice, 90 s per item"), ("s1", "Step 1, 20 items in 30 min")])
    stem = TextAreaField("Stem")
    feedback = RadioField("Feedback", choices=[("tutor", "After each item"), ("exam", "After the block")])
    systems = CheckboxGroup(
        "Systems", choices=[("msk", "Musculoskeletal"), ("endo", "Endocrine"), ("repro", "Female reproductive")]
    )
    shuffle = BooleanField("Shuffle the options")
    file = FileField("Article file", description="Text, Markdown or HTML, up to 5 MB.")


def forms() -> dict[str, Form]:
    """Return the sample form as first shown, and as refused."""
    good = SampleForm(formdata=None, data={"feedback": "tutor", "systems": ["msk"], "preset": "s1", "shuffle": True})
    bad = SampleForm(formdata=MultiDict({"count": "90", "systems": ["msk"], "preset": "s1"}), prefix="bad")
    bad.process(formdata=MultiDict({"bad-count": "90", "bad-preset": "s1", "bad-stem": "A woman"}))
    bad.validate()
    return {"good": good, "bad": bad}


CITATIONS = (
    {
        "marker": "3",
        "status": "by_position",
        "title": "Bone fractures after menopause.",
        "detail": "Human reproduction update, 2010",
        "url": None,
    },
    {"marker": "5", "status": "missing", "title": None, "detail": "", "url": None},
)

FINDINGS = (
    {
        "severity": "error",
        "place": "Option D",
        "message": "has no rationale.",
        "suggestion": "Say why a learner might choose it, and why it is wrong.",
    },
    {
        "severity": "warning",
        "place": "Option D",
        "message": "is a procedure; the other three are deficiencies.",
        "suggestion": "Replace it by a deficiency.",
    },
    {"severity": "hint", "place": "Stem", "message": "gives neither age nor sex.", "suggestion": None},
)

OPTIONS = (
    ("A", "Prolactin deficiency", True),
    ("B", "<p>Progesterone deficiency</p>", False),
    ("C", "Estrogen deficiency", False),
    ("D", "Parathyroid hormone deficiency, together with a long fall in calcium intake over many winters", False),
)  # fmt: skip


def quoted() -> SimpleNamespace:
    """Return a statement as an explanation quotes it."""
    return SimpleNamespace(
        key="s30",
        text="After menopause it is the loss of estrogen, above all, that lets bone resorption outrun formation.",
        article_title="Bone resorption after menopause",
        references=[SimpleNamespace(**c) for c in CITATIONS],
    )


def explanation(outcome: str) -> SimpleNamespace:
    """Return an explanation with its options; the learner chose B, or the key C."""
    chosen = {"correct": "C", "incorrect": "B"}.get(outcome)
    why = "<p>The article names <em>estrogen</em>, not this hormone, as the cause.</p>"
    options = [
        SimpleNamespace(
            letter=letter, html=filters.safe_html(html), is_key=letter == "C", chosen=letter == chosen,
            rationale_html=filters.safe_html(why), statements=(quoted(),) if letter == "C" else (), peers=share,
        )
        for (letter, html, _), share in zip(OPTIONS, (0.08, 0.21, 0.63, 0.08), strict=True)
    ]  # fmt: skip
    return SimpleNamespace(
        outcome=outcome, options=options, peer_n=112, peer_minimum=10, statements=(quoted(),),
        objective_html=filters.safe_html("<p>Name the hormonal change that drives bone loss after menopause.</p>"),
        explanation_html=filters.safe_html(
            "<p>Estrogen restrains osteoclasts. When it falls, RANKL rises, osteoclasts live longer, and resorption "
            "outruns formation.</p><ul><li>Trabecular bone is lost first.</li><li>Serum CTX rises.</li></ul>"
        ),
        references=("Estrogen therapy for osteoporosis in the modern era. Osteoporosis international, 2018.",),
    )  # fmt: skip


def entries(*, outcomes: bool = False) -> list[SimpleNamespace]:
    """Return twenty squares of the navigator in all states."""
    words = ("correct", "incorrect", "omitted")
    return [
        SimpleNamespace(
            position=n, answered=n < 12 and n % 5 != 0, marked=n in (3, 9, 10, 16), seen=n < 13, submitted=False,
            outcome=words[n % 3] if outcomes else None,
        )
        for n in range(1, 21)
    ]  # fmt: skip


def charts() -> dict[str, Any]:
    """Return sample data for every kind of chart."""
    days = [date(2026, 1, 5) + timedelta(days=6 * n) for n in range(16)]
    shares = [0.45, 0.5, 0.6, 0.52, 0.58, 0.66, 0.62, 0.7, 0.55, 0.68, 0.72, 0.69, 0.75, 0.71, 0.78, 0.74]
    rolling = [sum(shares[max(0, n - 4) : n + 1]) / len(shares[max(0, n - 4) : n + 1]) for n in range(16)]
    names = ("label", "value", "low", "high", "n")
    rows = [
        ("Musculoskeletal", 0.65, 0.582, 0.713, 200), ("Endocrine", 0.65, 0.433, 0.819, 20),
        ("Female reproductive and breast", 0.675, 0.52, 0.799, 40),
        ("Nervous system and special senses", None, None, None, 4),
        ("Renal and urinary", 0.6, 0.231, 0.882, 5),
    ]  # fmt: skip
    return {
        "trend": {
            "points": [
                {"date": d.isoformat(), "value": v, "n": 20, "label": f"Block {n + 1}",
                 "kind": "tutor" if n % 5 == 4 else "exam"}
                for n, (d, v) in enumerate(zip(days, shares, strict=True))
            ],
            "average": [{"date": d.isoformat(), "value": v} for d, v in zip(days, rolling, strict=True)],
            "band": [{"date": d.isoformat(), "low": 0.45, "median": 0.58, "high": 0.72} for d in days],
        },
        "intervals": {"cut": 0.6, "rows": [dict(zip(names, row, strict=True)) for row in rows]},
        "bars": {
            "rows": [
                {"label": "A", "value": 0.08}, {"label": "B", "value": 0.21},
                {"label": "C", "value": 0.63, "tone": "key"},
                {"label": "D", "value": 0.08}, {"label": "Omitted", "value": 0.0},
            ]
        },
    }  # fmt: skip


def context(page: str) -> dict[str, Any]:
    """Return everything that the gallery's pages show."""
    options = [SimpleNamespace(letter=a, html=filters.safe_html(b), struck=c) for a, b, c in OPTIONS]
    return {
        "site_name": "Bone & Joint Board",
        "nav_items": [{"label": a, "url": f"#{a}", "current": a == "Items", "count": n} for a, n in NAV],
        "current_person": {"name": "Ada Maria Lindqvist", "role_label": "Educator"},
        "page_name": page, "pages": PAGES, "forms": forms(), "findings_data": FINDINGS, "citations": CITATIONS,
        "options": options, "explained": explanation, "entries": entries, "charts": charts(),
        "hrefs": [f"#{n}" for n in range(1, 21)], "paged": Page(number=2, size=50, total=12345),
        "now": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    }  # fmt: skip


def _stub() -> str:
    return ""


def create_gallery() -> Flask:
    """Return the gallery as an application; its pages are /gallery/<name>."""
    app = Flask("gallery", static_folder=str(paths.PACKAGE / "static"), static_url_path="/static")
    app.config.update(SECRET_KEY="gallery", WTF_CSRF_ENABLED=False, WTF_CSRF_CHECK_DEFAULT=False)  # nothing is stored
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.undefined = StrictUndefined
    app.jinja_loader = ChoiceLoader(  # type: ignore[assignment]
        [FileSystemLoader(str(paths.templates_dir())), FileSystemLoader(f"{HERE}/templates")]
    )
    CSRFProtect(app)
    headers.install(app)
    filters.install(app)
    for endpoint, rule in (
        ("home.index", "/"),
        ("accounts.account", "/account"),
        ("accounts.sign_out", "/sign-out"),
    ):
        app.add_url_rule(rule, endpoint, _stub, methods=["GET", "POST"])

    @app.get("/gallery/<name>")
    def show(name: str) -> str:
        if name == "components":
            flash("Saved what Ada may do.", "success")
            flash("Two markers have no entry in the list.", "warning")
        return render_template(f"gallery/{name}.html", **context(name))

    return app
