import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qbank.measurement import matrix_file
from qbank.measurement.matrix_file import Matrix, MatrixError, bounded_lines, read_matrix
from tests.measurement.tables import tables


def read(text: str, key: str | None = None) -> Matrix:
    return read_matrix(io.StringIO(text), None if key is None else io.StringIO(key))


@given(tables(), st.booleans(), st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_a_written_table_comes_back(table: NDArray[np.float64], named: bool, mark: str, end: str) -> None:
    if table.shape[1] == 1:
        table = np.nan_to_num(table)  # a blank line is no person
    names = [f"Q{number}" for number in range(table.shape[1])]
    rows = [["" if np.isnan(x) else f"{x:.0f}" for x in row] for row in table]
    found = read("".join(mark.join(row) + end for row in ([names] if named else []) + rows))
    np.testing.assert_array_equal(found.responses.dense(), table)
    assert list(found.items) == (names if named else [str(number + 1) for number in range(len(names))])


@pytest.mark.parametrize(
    ("text", "items", "persons", "rows"),
    [
        ("1,0\n0,1\n", ("1", "2"), None, 2),
        ("a,b\n0,1\n", ("a", "b"), None, 1),
        ("1,2,3\n0,1,1\n", ("1", "2", "3"), None, 1),
        ("id,1,2\n7,0,1\n", ("1", "2"), ("7",), 1),
        ('"","V1","V2"\n"1",1,NA\n"2",0,1\n', ("V1", "V2"), ("1", "2"), 2),
        ("\ufeffPerson;x;y\nAnn;1;0\n", ("x", "y"), ("Ann",), 1),
        ("x,y\n1.0,\n0.0,1.0\n", ("x", "y"), None, 2),
        (" 1 , 0 \n\n0,0\n", ("1", "2"), None, 2),
        (",\n1,0\n", ("1", "2"), None, 2),
        ("1\n0\n", ("1",), None, 2),
    ],
)
def test_names_of_items_and_persons_are_found(
    text: str, items: tuple[str, ...], persons: tuple[str, ...] | None, rows: int
) -> None:
    found = read(text)
    assert (found.items, found.persons, found.responses.persons) == (items, persons, rows)


CHOICES = "B,A,C\nB,C,\nA,A,C\n"


@pytest.mark.parametrize(
    "key",
    ["B,A,C\n", "1,B\n2,A\n3,C\n", "item,key\n1,B\n2,A\n3,C\n", "Q1,B\nQ2,A\nQ3,C\n", "B\nA\nC\n", "3,C\n1,B\n2,A\n"],
)
def test_a_key_is_read_from_a_line_from_pairs_or_from_a_column(key: str) -> None:
    found = read(CHOICES, key)
    np.testing.assert_array_equal(found.responses.dense(), [[1, 1, 1], [1, 0, np.nan], [0, 1, 1]])
    assert found.options is not None
    assert found.options.labels == (("A", "B"), ("A", "C"), ("C",))
    assert found.options.keys == (1, 0, 0)
    responses, options = found.responses, found.options
    labels = [options.labels[item][place] for item, place in zip(responses.item, options.chosen, strict=True)]
    assert labels == ["B", "A", "C", "B", "C", "A", "A", "C"]


@pytest.mark.parametrize("key", ["Q1,Q2,Q3\nB,A,C\n", "Q3,Q1,Q2\nC,B,A\n", "Q3,C\nQ1,B\nQ2,A\nQ9,D\n", "B,A,C\n"])
@pytest.mark.parametrize("head", ["Q1,Q2,Q3\n", "id,Q1,Q2,Q3\n"])
def test_a_key_by_name_finds_its_items(head: str, key: str) -> None:
    lines = [f"{number},{line}" if head.startswith("id") else line for number, line in enumerate(CHOICES.splitlines())]
    found = read(head + "\n".join(lines), key)
    assert found.items == ("Q1", "Q2", "Q3")
    np.testing.assert_array_equal(found.responses.dense(), [[1, 1, 1], [1, 0, np.nan], [0, 1, 1]])


def test_a_first_row_of_rare_answers_is_a_person_and_no_header() -> None:
    found = read("C,D\nA,B\nA,B\n", "A,B\n")
    assert found.responses.persons == 3
    np.testing.assert_array_equal(found.responses.dense()[0], [0, 0])


def test_a_key_that_nobody_chose_is_an_option_all_the_same() -> None:
    found = read("A\nB\n", "D\n")
    assert found.options is not None
    assert found.options.labels == (("A", "B", "D"),)
    assert found.responses.totals().sum() == 0


@pytest.mark.parametrize(
    ("text", "key", "cause"),
    [
        ("", None, "matrix is empty"),
        ("\n\n", None, "matrix is empty"),
        ("a,b\n", None, "no person"),
        ("a,b\n1,0\n1,2\n", None, "Line 3, column 2 (item b): “2” is neither 0, 1 nor empty"),
        ("id,x\nAnn,yes\n", None, "Line 2, column 2 (item x)"),
        ("1,0,1\n1,0\n", None, "Line 2 has 2 columns, the first line 3"),
        ("1,0\n1,0,1\n", None, "Line 2 has 3 columns, the first line 2"),
        ('1,"0\n1,0', None, "is not CSV"),
        ("A,B\nB,A\n", "", "key file is empty"),
        ("A,B\nB,A\n", "A,B,C\n", "1 lines, the first of 3 columns, for 2 items"),
        ("Q1,Q2\nB,A\n", "Q1,B\n", "no key for item Q2"),
        ("Q1,Q2\nB,A\n", "Q1,B\nQ2,A\nQ2,C\n", "item Q2 twice"),
        ("Q1,Q2\nB,A\n", "Q1,B\nQ2,\n", "The key of item Q2 is empty"),
        ("A\x00,1\n0\x1b[2J,1\n", None, "\ufffd"),
        ("A,B\n" + "x" * 81 + ",B\n", "A,B\n", "81 characters"),
        ("\n".join(f"a{number}" for number in range(40)), "a1\n", "26 different answers"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_place(text: str, key: str | None, cause: str) -> None:
    with pytest.raises(MatrixError) as raised:
        read(text, key)
    assert cause in str(raised.value)
    assert raised.value.cure


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_file, "MAX_CELLS", 5)
    with pytest.raises(MatrixError, match="Line 3: the matrix is too large"):
        read("1,0\n1,0\n0,0\n")
    monkeypatch.setattr(matrix_file, "MAX_COLUMNS", 3)
    with pytest.raises(MatrixError, match="has 4 columns"):
        read("1,0,1,0\n")
    monkeypatch.setattr(matrix_file, "MAX_LINE", 10)
    with pytest.raises(MatrixError, match="Line 2 of the matrix has more than 10 characters"):
        list(bounded_lines(io.StringIO("1,0\n" + "1," * 20), "matrix"))


@given(st.text(alphabet='01AB,;\t"\n\r \x00é', max_size=80), st.none() | st.text(alphabet='AB1,\n"', max_size=30))
def test_any_text_is_read_or_refused(text: str, key: str | None) -> None:
    with suppress(MatrixError):
        found = read(text, key)
        assert found.responses.items == len(found.items) >= 1
        assert found.responses.persons >= 1
