import pathlib
import pickle

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import plain
from aign_tf.data.faces import split_by_person
from aign_tf.errors import UserError

LONDON = pathlib.Path(__file__).parents[2] / "../shared/data/faces_london"


def _folder(tmp_path, names, table=None):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    if table is not None:
        (tmp_path / "attributes.csv").write_text(table, encoding="utf-8")
    return tmp_path


def test_pictures_alone_are_persons_of_their_own(tmp_path):
    paths, faces = plain.list_faces(_folder(tmp_path, ["b.png", "a/c.png"]))
    assert paths == [tmp_path / "a/c.png", tmp_path / "b.png"]
    assert faces.names.tolist() == faces.person.tolist() == ["a/c.png", "b.png"]
    assert faces.split.tolist() == split_by_person(faces.person).tolist()
    assert faces.attributes == faces.boxes == {}
    assert faces.images.shape == (2, 0, 0, 3)


def test_a_table_describes_the_pictures(tmp_path):
    table = (
        "\ufefffile,Face_ID,Split,Gender,age,note,lips,\n"
        "a.png,ann,train,female,20,,1 2 3.5 4,0\n"
        "\n"
        "c.png,ann,test,NA,NaN,,,0\n"
        "gone.png,eve,TEST,male,30,,,0\n"
    )
    _, faces = plain.list_faces(
        _folder(tmp_path, ["images/a.png", "images/b.png", "images/c.png"], table)
    )
    assert faces.names.tolist() == ["a.png", "b.png", "c.png"]
    assert faces.person.tolist() == ["ann", "b.png", "ann"]
    assert faces.split.tolist() == ["train", split_by_person(["b.png"])[0], "test"]
    assert list(faces.attributes) == ["gender", "age", "note"]
    assert faces.attributes["gender"].tolist() == ["female", "", ""]
    assert faces.attributes["note"].tolist() == ["", "", ""]
    assert faces.attributes["age"].dtype == np.float32
    np.testing.assert_array_equal(faces.attributes["age"], [20, np.nan, np.nan])
    np.testing.assert_array_equal(faces.boxes["lips"], [[1, 2, 3.5, 4], [np.nan] * 4, [np.nan] * 4])


def test_without_a_file_column_the_first_one_names_the_picture(tmp_path):
    _, faces = plain.list_faces(_folder(tmp_path, ["a.png"], "picture,person\na.png,7\n"))
    assert faces.person.tolist() == ["7"]
    assert faces.attributes == {}


@pytest.mark.parametrize("spelling", ["x/a.png", "images/x/a.png", "x\\a.png", "a.png", "x/a", "a"])
def test_spellings_of_a_picture(tmp_path, spelling):
    folder = _folder(tmp_path, ["images/x/a.png"], f"file,age\n{spelling},3\n")
    assert plain.list_faces(folder)[1].attributes["age"].tolist() == [3]


def test_columns_of_words_that_look_like_numbers(tmp_path, caplog):
    table = "file,code,mixed,eyes\na.png,1_0,1,blue\nb.png,1_1,2,brown\nc.png,1_2,?,blue\n"
    _, faces = plain.list_faces(_folder(tmp_path, ["a.png", "b.png", "c.png"], table))
    assert faces.attributes["code"].tolist() == ["1_0", "1_1", "1_2"]
    assert faces.attributes["mixed"].tolist() == ["1", "2", "?"]
    assert "column mixed holds words, not numbers, because of '?'" in caplog.text
    assert faces.attributes["eyes"].tolist() == ["blue", "brown", "blue"]
    assert faces.boxes == {}


@pytest.mark.parametrize(
    "table, message",
    [
        ("", "attributes.csv is empty: its first line must name the columns"),
        ("file,age\n", "describes none of the pictures: it has no rows, there is 'a/a.png'"),
        ("file,age\nz.png,3\n", "describes none of the pictures: it has 'z.png', there is"),
        ("file;age\nb.png;3\n", "describes none of the pictures: it has 'b.png;3', there is"),
        ("file,age\nb.png\n", "line 2: 1 values for 2 columns"),
        ("file,age\n\nb.png,1\nb.png,2\n", "line 4: a second row for 'b.png'"),
        ("file,Age,age\nb.png,1,2\n", "two columns are named 'age'"),
        ("file,age\na.png,1\n", "'a.png' could be a/a.png or c/a.png: add the folder"),
        ("file,split\nb.png,val\n", "no split 'val': use one of train, validation, test"),
        ("file,lips\nb.png,1 2 3 4\na/a.png,1 2\n", "lips of a/a.png is '1 2', not x0 y0 x1 y1"),
        ("file,lips\nb.png,3 2 1 4\n", "lips of b.png is '3 2 1 4', where x0 > x1 or y0 > y1"),
        ('file,age\nb.png,"1\n', "attributes.csv is not a CSV table in UTF-8"),
    ],
)
def test_tables_with_mistakes(tmp_path, table, message):
    with pytest.raises(UserError) as caught:
        plain.list_faces(_folder(tmp_path, ["a/a.png", "b.png", "c/a.png"], table))
    assert message in str(caught.value)
    assert str(tmp_path / "attributes.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tables_in_another_encoding(tmp_path):
    folder = _folder(tmp_path, ["a.png"])
    (folder / "attributes.csv").write_bytes("file,name\na.png,Zoë\n".encode("latin-1"))
    with pytest.raises(UserError, match="not a CSV table in UTF-8"):
        plain.list_faces(folder)


def test_landmarks_fill_in_what_the_table_did_not_measure(tmp_path):
    folder = _folder(tmp_path, ["a.png", "b.png", "c.png"], "file,lips\na.png,1 2 3 4\n")
    points = np.stack([np.arange(68.0), 100 + np.arange(68.0)], axis=-1)
    np.savez(folder / "landmarks_68.npz", a=points, b=points)
    boxes = plain.list_faces(folder)[1].boxes
    np.testing.assert_array_equal(boxes["lips"], [[1, 2, 3, 4], [48, 148, 67, 167], [np.nan] * 4])
    np.testing.assert_array_equal(boxes["nose"][:2], [[27, 127, 35, 135]] * 2)


def test_landmarks_that_cannot_be_used(tmp_path):
    folder = _folder(tmp_path, ["a.png"])
    path = folder / "landmarks.npz"
    np.savez(path, a=np.zeros((7, 2)))
    with pytest.raises(UserError, match=r"npz, a: landmarks of shape \[7, 2\]: a face needs"):
        plain.list_faces(folder)
    np.savez(path, other=np.zeros((68, 2)))
    with pytest.raises(UserError, match="describes none of the pictures: it has 'other'"):
        plain.list_faces(folder)
    np.savez(path, a=np.array([None]))
    for content in [path.read_bytes(), b"", b"not a zip", pickle.dumps({"a": 1})]:
        path.write_bytes(content)
        with pytest.raises(UserError, match="npz cannot be read without pickle: save plain"):
            plain.list_faces(folder)


@pytest.mark.skipif(not LONDON.exists(), reason="the London faces are not here")
def test_london_faces():
    _, faces = plain.list_faces(LONDON)
    assert len(faces) == 244
    assert len(set(faces.person)) == 142
    assert {name: int(np.isfinite(box).all(1).sum()) for name, box in faces.boxes.items()} == {
        "lips": 244,
        "nose": 244,
        "eyes": 142,
    }
    assert np.nanmean(faces.attributes["age"]) == pytest.approx(26.3, abs=0.05)
    assert np.isnan(faces.attributes["age"]).sum() == 4
    for person in np.unique(faces.person):
        assert len(set(faces.split[faces.person == person])) == 1
