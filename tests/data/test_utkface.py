import pytest

from aign_tf.data import utkface
from aign_tf.data.faces import split_by_person
from aign_tf.errors import UserError

NAMES = [
    "100_1_0_20170110183726390.jpg",
    "1_0_4_20161219140623097.jpg.chip.jpg",
    "part2/26_0_2_20170116220224657 .jpg",
    "part2/39_1_20170116174525125.jpg.chip.jpg",
]


def _folder(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_names_tell_everything_and_malformed_ones_are_left_out(tmp_path, caplog):
    folder = _folder(tmp_path, NAMES)
    assert utkface.recognises(folder)
    paths, faces = utkface.list_faces(folder)
    assert [path.relative_to(folder).as_posix() for path in paths] == NAMES[:3]
    assert faces.names.tolist() == faces.person.tolist() == NAMES[:3]
    assert faces.split.tolist() == split_by_person(NAMES[:3]).tolist()
    assert {name: column.tolist() for name, column in faces.attributes.items()} == {
        "age": [100, 1, 26],
        "gender": ["female", "male", "male"],
        "race": ["white", "others", "asian"],
    }
    assert "39_1_20170116174525125.jpg.chip.jpg left out" in caplog.text


def test_other_folders_are_not_utkface(tmp_path):
    assert not utkface.recognises(_folder(tmp_path, [NAMES[0], "a.jpg"]))
    (tmp_path / "a.jpg").unlink()
    assert utkface.recognises(tmp_path)
    (tmp_path / "attributes.csv").touch()
    assert not utkface.recognises(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        utkface.recognises(tmp_path / "absent")
