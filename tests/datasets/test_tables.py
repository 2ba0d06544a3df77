"""Tables of numbers, and what is wrong with them."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.datasets import DataError, read_csv
from graphc.ir.errors import ArgumentError

TEXT = 'length, "width, cm",kind\n1,2.5,rose\n\n3,,tulip\n-4e2, 5 ,rose\n'


@pytest.fixture
def table(tmp_path):
    def written(text=TEXT, **options):
        (tmp_path / "t.csv").write_text(text)
        return read_csv(tmp_path / "t.csv", **options)
    return written


@pytest.mark.parametrize("target", ["kind", 2, -1])
def test_words_become_classes(table, target):
    found = table(target=target)
    np.testing.assert_array_equal(found.x, np.array([[1, 2.5], [3, np.nan], [-400, 5]], "f4"))
    assert (found.y.tolist(), found.y.dtype, found.classes) == ([0, 1, 0], np.int64, ["rose", "tulip"])
    assert found.columns == ["length", "width, cm"]


def test_numbers_stay_numbers(table):
    assert table("a,b\n1,2\n3,4\n", target="b").y.tolist() == [2, 4]
    assert table("a,b\n1,2.5\n3,4\n", target="b").y.dtype == np.float32
    assert table("a,b\n1,2\n", columns=["b"]).x.tolist() == [[2]]


def test_other_shapes_of_files(table):
    assert table("1;2\n3;4\n", header=False, delimiter=";", target=1).y.tolist() == [2, 4]


@pytest.mark.parametrize("text, message", [
    ("a,b\n1,2\n3\n", "line 3: 1 fields in a table of 2 columns"),
    ("a,b\n1,x\n", "line 2: 'x' in column 'b' is no number"),
    ("a,b\n", "holds no rows"), ("", "holds no rows"), ("a,b\n1_0,1\n", "line 2: '1_0' in column 'a' is no number"),
    ("a, a\n1,2\n", r"several columns have one name: \['a', 'a'\]"),
    ('a,b\n"1\n2",3\n', "line 3: '1\\\\n2' in column 'a' is no number"),
])
def test_what_is_wrong_is_named_with_its_line(table, text, message):
    with pytest.raises(DataError, match=message):
        table(text)


def test_an_unknown_column(table):
    with pytest.raises(ArgumentError, match=r"no column 'colour'; it has \['length'"):
        table(target="colour")


@pytest.mark.parametrize("options, message", [
    ({"target": 3}, "has 3 columns, none with number 3"), ({"target": -4}, "none with number -4"),
    ({"target": "Kind"}, "no column 'Kind'; did you mean 'kind'"), ({"columns": ["length", "x"]}, "no column 'x'"),
    ({"delimiter": ";;"}, "delimiter"), ({"encoding": "morse"}, "unknown encoding: morse"),
])
def test_arguments_that_make_no_sense(table, options, message):
    with pytest.raises(ArgumentError, match=message):
        table(**options)


@pytest.mark.parametrize("text", ["a,b\n1,2\n2,\n", "a,b\n1,2\n2,NA\n", "a,b\n1,rose\n2,\n"])
def test_what_is_to_be_predicted_must_not_be_missing(table, text):
    with pytest.raises(DataError, match="line 3: 'b', which is to be predicted, is missing"):
        table(text, target="b")


def test_na_may_be_a_class_and_infinity_a_number(table):
    assert table("a,b\n1,NA\n2,DE\n", target="b").classes == ["DE", "NA"]
    assert table("a,b\n1,inf\n2,3\n", target="b").y.tolist() == [np.inf, 3]


def test_a_mark_of_the_byte_order_is_no_part_of_a_name(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8-sig")
    assert read_csv(tmp_path / "t.csv", columns="a").x.tolist() == [[1]]


def test_bytes_are_no_table(tmp_path):
    (tmp_path / "t").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is no CSV file"):
        read_csv(tmp_path / "t")
