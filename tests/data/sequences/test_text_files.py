import numpy as np
import pytest

from aign_tf.data.sequences.text_files import lines, rows
from aign_tf.errors import UserError
from tests.data.sequences.tiny_files import text


def test_comments_and_empty_lines_are_left_out_and_still_counted(tmp_path):
    path = text(tmp_path / "a.txt", "\ufeff# time name\n\n1 a b\n   \n  2\n")
    assert lines(path) == [(3, ["1", "a", "b"]), (5, ["2"])]


def test_tables_have_as_many_numbers_in_each_line_as_in_the_first(tmp_path):
    path = text(tmp_path / "a.txt", "x y\n1 2e3\n-3 4.5\n")
    np.testing.assert_array_equal(rows(path, 2, 3, header=1), [[1, 2000], [-3, 4.5]])


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "a.txt holds no numbers"),
        ("1 2\n\n1 2 3\n", "a.txt, line 3: 3 values, 2 numbers are needed"),
        ("1\n", "a.txt, line 1: 1 values, 2 or 3 numbers are needed"),
        ("1 2\n1 x\n", "a.txt, line 2: 'x' is not a finite number"),
        ("1 nan\n", "a.txt, line 1: 'nan' is not a finite number"),
        ("1 -inf\n", "a.txt, line 1: '-inf' is not a finite number"),
        (f"1 {'y' * 99}\n", f"a.txt, line 1: '{'y' * 20}' is not a finite number"),
        ("\x00\x01\n", "a.txt, line 1: 1 values"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, content, message):
    with pytest.raises(UserError) as caught:
        rows(text(tmp_path / "a.txt", content), 2, 3)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path):
    with pytest.raises(UserError, match=r"gone.txt: cannot be read: No such file"):
        lines(tmp_path / "gone.txt")
