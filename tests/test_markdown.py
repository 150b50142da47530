"""What people typed is shown as it was typed, and never taken for Markdown."""

import pytest

from aign_tf.markdown import code, items, table


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "`plain`"),
        (0.5, "`0.5`"),
        ([64, 64, 3], "`[64, 64, 3]`"),
        (None, "`None`"),
        ("*bold* <b> # no", "`*bold* <b> # no`"),
        ("", "(empty)"),
        ("  ", "(empty)"),
        # Fences are longer than any row of backticks inside, and stand off from it.
        ("a`b", "`` a`b ``"),
        ("`", "`` ` ``"),
        ("a``b`c", "``` a``b`c ```"),
        # What cannot be seen is written out.
        ("one\ntwo\r", "`one\\ntwo\\r`"),
        ("\u202eback", "`\\u202eback`"),
        ("\n", "`\\n`"),
        ("\udc80", "`\\udc80`"),
        ("grösse 顔", "`grösse 顔`"),
    ],
)
def test_a_code_span_shows_anything(value, expected):
    assert code(value) == expected


def test_a_list():
    assert items(["one", "two *three*"]) == "- one\n- two *three*"
    assert items(iter(["one"])) == "- one"
    assert items([]) == ""


def test_a_table():
    assert (
        table(["", "a"], [["x", "1"], ("y", "-")])
        == "|  | a |\n| --- | --- |\n| x | 1 |\n| y | - |"
    )
    assert table(["a"], iter([])) == "| a |\n| --- |"


def test_a_pipe_ends_no_cell():
    assert table(["a|b"], [["`c|d`"]]) == "| a\\|b |\n| --- |\n| `c\\|d` |"
