"""Files are whole or absent."""

import json

import pytest

from aign_tf.errors import UserError
from aign_tf.files import inside, load_json, read_json, replacing, visible_files, write_json


def test_a_new_file_appears_whole_with_the_folders_above_it(tmp_path):
    path = tmp_path / "a" / "b" / "text.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_the_temporary_file_has_the_suffix_and_the_folder_of_the_file(tmp_path):
    with replacing(tmp_path / "generator.keras") as temporary:
        assert temporary.suffix == ".keras" and temporary.parent == tmp_path
        temporary.touch()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "text.txt"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_before_anything_is_written_leaves_nothing(tmp_path):
    with pytest.raises(ValueError), replacing(tmp_path / "text.txt"):
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_is_replaced(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("old and long")
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_path_below_a_folder_keeps_slashes_and_dots(tmp_path):
    assert inside(tmp_path, "a b/c.1.npz") == tmp_path / "a b" / "c.1.npz"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", "..", "/tmp/x", "", "."])
def test_a_path_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(UserError) as error:
        inside(tmp_path, name)
    expected = f"a file called {name!r} would be written outside {tmp_path}: rename it"
    assert str(error.value) == expected


def test_json_comes_back(tmp_path):
    content = {"name": "é", "numbers": [1, 2.5, None], "nested": {"a": True}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


@pytest.mark.parametrize("content", [{"a": [1, None]}, [], "é", 3, None])
def test_json_of_a_person_may_be_anything(tmp_path, content):
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert load_json(tmp_path / "a.json") == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a":\n [}', ", line 2: not JSON: Expecting value"),
        (b"", ", line 1: not JSON: Expecting value"),
        (b"\xff\xfe\x00", ": cannot be read as JSON: 'utf-8' codec can't decode"),
        (b"[" * 100_000, ": cannot be read as JSON: maximum recursion depth"),
        (None, ": cannot be read as JSON: [Errno 2] No such file"),
    ],
)
def test_what_is_no_json_is_the_error_of_a_person(tmp_path, content, message):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as error:
        load_json(path)
    assert str(error.value).startswith(f"{path}{message}") and "\n" not in str(error.value)


def test_what_is_hidden_is_not_seen(tmp_path):
    for name in ("b.npz", "a/B.NPZ", ".c.npz", ".d/e.npz", "a/.f/g.npz", "h.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.npz").mkdir()
    found = visible_files(tmp_path, (".npz",))
    assert found == [tmp_path / "a/B.NPZ", tmp_path / "b.npz"]
