"""QTI 1.2 as Canvas and Blackboard write it."""

from __future__ import annotations

from qbank.exchange.files import MemoryFiles
from qbank.exchange.qti.reading import read
from qbank.exchange.report import ReadResult, Unsupported, collect
from tests.exchange.qti.packing import PNG, fixture, packed

MANIFEST = b"""<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources>
<resource identifier="q" type="imsqti_xmlv1p2"><file href="q/q.xml"/></resource>
<resource identifier="i" type="webcontent" href="web_resources/Uploaded Media/orbits.png">
<file href="web_resources/Uploaded Media/orbits.png"/></resource></resources></manifest>"""
BLACKBOARD = b"""<manifest xmlns:bb="http://www.blackboard.com/content-packaging/"><resources>
<resource bb:file="res00001.dat" identifier="res00001" type="assessment/x-bb-qti-pool" xml:base="res00001"/>
<resource bb:file="res00002.dat" identifier="res00002" type="course/x-bb-coursesetting" xml:base="res00002"/>
</resources></manifest>"""


def canvas() -> tuple[ReadResult, MemoryFiles]:
    files = MemoryFiles()
    members = {
        "imsmanifest.xml": MANIFEST,
        "q/q.xml": fixture("canvas_quiz.xml"),
        "web_resources/Uploaded Media/orbits.png": PNG,
    }
    return collect(read(packed(members), "export.zip", files)), files


def test_a_canvas_question_keeps_its_key_its_feedback_and_its_image() -> None:
    result, files = canvas()
    item = result.items[0]
    assert item.external_id == "planet-1"
    assert item.stem == "Which planet is **closest** to the Sun?\n\n![Orbits](orbits.png)"
    assert [option.text for option in item.options] == ["Venus", "Mercury", "Mars & its *moons*"]
    assert [option.key for option in item.options] == [False, True, False]
    assert [option.rationale for option in item.options] == ["Venus is the second.", "It is the first planet.", None]
    assert item.explanation == "Count outward from the Sun.\n\nLook at the orbits again."
    assert item.media == ("orbits.png",)
    assert files.get("orbits.png") == PNG


def test_feedback_for_wrong_answers_in_general_is_remarked_on() -> None:
    result, _ = canvas()
    assert any("every wrong answer" in problem.message and problem.record == 1 for problem in result.problems)


def test_several_right_answers_are_all_keys_and_the_editor_is_told() -> None:
    result, _ = canvas()
    assert [option.key for option in result.items[1].options] == [True, False, True]
    assert any("several keys" in problem.message and problem.record == 2 for problem in result.problems)


def test_other_types_are_named_and_the_numbers_add_up() -> None:
    result, _ = canvas()
    assert [entry.type for entry in result.unsupported] == ["matching_question", "free text or number (response_str)"]
    assert [(entry.record, entry.line) for entry in result.unsupported] == [(3, 75), (4, 79)]
    assert [(entry.record, entry.name) for entry in result.refused] == [(5, "planet-5")]
    assert result.found == 5


def test_a_loose_file_names_the_images_that_it_lacks() -> None:
    result = collect(read(fixture("canvas_quiz.xml")))
    assert result.items[0].stem.endswith("Orbits")
    assert result.items[0].media == ()
    assert any("orbits.png" in problem.message for problem in result.problems)


def blackboard() -> tuple[ReadResult, MemoryFiles]:
    files = MemoryFiles()
    members = {
        "imsmanifest.xml": BLACKBOARD,
        "res00001.dat": fixture("blackboard_pool.dat"),
        "res00002.dat": b"<COURSE/>",
        "csfiles/home_dir/sea__xid-42_1.png": PNG,
        "csfiles/home_dir/sea__xid-42_1.png.xml": b"<lom/>",
    }
    return collect(read(packed(members), "", files)), files


def test_a_blackboard_pool_keeps_its_key_its_feedback_and_its_image() -> None:
    result, files = blackboard()
    item = result.items[0]
    assert item.external_id == "_77_1"
    assert item.stem == "Which planet has H~2~O oceans?\n\n![Sea](sea__xid-42_1.png)"
    assert item.shuffle
    assert [(option.text, option.key) for option in item.options] == [("Earth", True), ("Venus", False)]
    assert [option.rationale for option in item.options] == ["Seen from space it is blue.", "It is far too hot."]
    assert files.get("sea__xid-42_1.png") == PNG


def test_true_or_false_becomes_two_options() -> None:
    result, _ = blackboard()
    assert [(option.text, option.key) for option in result.items[1].options] == [("true", True), ("false", False)]
    assert not result.refused
    assert [entry.type for entry in result.unsupported] == ["Opinion Scale"]


def test_the_reduced_form_of_a_canvas_quiz_is_not_read_beside_the_full_one() -> None:
    quiz = fixture("canvas_quiz.xml")
    manifest = b"""<manifest><resources>
    <resource identifier="abc" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment">
    <file href="abc/assessment_qti.xml"/></resource>
    <resource identifier="d" type="associatedcontent/imscc_xmlv1p1/learning-application-resource" href="abc/meta.xml">
    <file href="abc/meta.xml"/><file href="non_cc_assessments/abc.xml.qti"/></resource></resources></manifest>"""
    members = {
        "imsmanifest.xml": manifest,
        "abc/assessment_qti.xml": quiz,
        "abc/meta.xml": b"<quiz/>",
        "non_cc_assessments/abc.xml.qti": quiz,
    }
    result = collect(read(packed(members)))
    assert result.found == 5
    assert any("full form" in problem.message for problem in result.problems)


def test_plain_text_stays_plain_and_escaped_mark_up_becomes_markdown() -> None:
    def stem(mattext: str) -> str:
        source = (
            f"<questestinterop><item ident='a'><presentation><material>{mattext}</material>"
            "<response_lid ident='r'><render_choice><response_label ident='x'/></render_choice></response_lid>"
            "</presentation></item></questestinterop>"
        )
        return collect(read(source.encode())).items[0].stem

    assert stem("<mattext>a *b* c</mattext>") == r"a \*b\* c"
    assert stem("<mattext>2 * 3 * 4 = [24]</mattext>") == "2 * 3 * 4 = [24]"
    assert stem("<mattext>a &lt;b&gt;bold&lt;/b&gt; one</mattext>") == "a **bold** one"
    assert stem("<mattext texttype='text/html'><![CDATA[<i>x</i>]]></mattext>") == "*x*"


def test_options_with_points_of_their_own_take_the_best_as_key() -> None:
    labels = "".join(f"<response_label ident='{name}'/>" for name in "abc")
    conditions = "".join(
        f"<respcondition><conditionvar><varequal respident='r'>{name}</varequal></conditionvar>"
        f"<setvar action='Set'>{points}</setvar></respcondition>"
        for name, points in (("a", "0.0"), ("b", "50.0"), ("c", "100.0"))
    )
    source = (
        "<questestinterop><section><item ident='d2l'><presentation><response_lid ident='r' rcardinality='Single'>"
        f"<render_choice>{labels}</render_choice></response_lid></presentation>"
        f"<resprocessing>{conditions}</resprocessing></item></section></questestinterop>"
    )
    result = collect(read(source.encode()))
    assert [option.key for option in result.items[0].options] == [False, False, True]
    assert any("points other than all or nothing" in problem.message for problem in result.problems)


def test_a_type_that_is_not_named_is_told_by_its_responses() -> None:
    source = b"<questestinterop><item ident='t'><presentation><material/></presentation></item></questestinterop>"
    outcomes = list(read(source))
    assert outcomes == [Unsupported(1, 1, "no response (information only)")]
