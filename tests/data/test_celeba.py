import numpy as np
import pytest
from PIL import Image

from aign_tf.data import celeba
from aign_tf.data.faces import split_by_person
from aign_tf.errors import UserError

POINTS = "100 200 200 200 150 260 125 300 175 300"
FILES = {
    celeba.ATTRIBUTES: "4\n5_o_Clock_Shadow Male Big_Lips \n"
    "000001.jpg -1 -1  1\n000002.jpg  1  1 -1\n000003.jpg -1 1 1\n000009.jpg 1 1 1\n",
    celeba.LANDMARKS: f"1\nlefteye_x lefteye_y\n000001.jpg {POINTS}\n000003.jpg {POINTS}\n",
    celeba.PARTITION: "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n",
    celeba.IDENTITY: "000001.jpg 2880\n000002.jpg 7\n000003.jpg 2880\n",
}


def _folder(tmp_path, pictures="img_align_celeba", places=None, **changed):
    (tmp_path / pictures).mkdir(parents=True)
    for i in (1, 2, 3):
        Image.new("RGB", (178, 218)).save(tmp_path / pictures / f"00000{i}.jpg")
    for name, content in {**FILES, **changed}.items():
        path = tmp_path / (places or {}).get(name, "") / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


def test_everything_that_celeba_knows(tmp_path):
    folder = _folder(tmp_path)
    assert celeba.recognises(folder)
    paths, faces = celeba.list_faces(folder)
    assert [path.name for path in paths] == faces.names.tolist()
    assert faces.names.tolist() == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert faces.person.tolist() == ["2880", "7", "2880"]
    assert faces.split.tolist() == ["train", "validation", "test"]
    columns = {name: column.tolist() for name, column in faces.attributes.items()}
    assert columns == {
        "5_o_clock_shadow": [0, 1, 0],
        "male": [0, 1, 1],
        "big_lips": [1, 0, 1],
        "gender": ["female", "male", "male"],
    }
    assert faces.attributes["male"].dtype == np.float32
    np.testing.assert_allclose(faces.boxes["lips"][0], [125, 290, 175, 310])
    assert np.isnan(faces.boxes["lips"][1]).all()


def test_text_files_and_pictures_in_subfolders(tmp_path):
    places = {celeba.ATTRIBUTES: "Anno", celeba.LANDMARKS: "Anno", celeba.PARTITION: "Eval"}
    folder = _folder(tmp_path, "img_align_celeba/img_align_celeba", places)
    _, faces = celeba.list_faces(folder)
    assert faces.names.tolist() == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert faces.split.tolist() == ["train", "validation", "test"]
    assert set(faces.boxes) == {"lips", "nose", "eyes"}


def test_only_the_attributes_are_required(tmp_path):
    folder = _folder(tmp_path)
    for name in (celeba.LANDMARKS, celeba.PARTITION, celeba.IDENTITY):
        (folder / name).unlink()
    _, faces = celeba.list_faces(folder)
    assert faces.person.tolist() == faces.names.tolist()
    assert faces.split.tolist() == split_by_person(faces.names).tolist()
    assert faces.boxes == {}


def test_pictures_that_are_not_listed_are_unknown(tmp_path, caplog):
    folder = _folder(
        tmp_path,
        **{
            celeba.ATTRIBUTES: "1\nMale\n000002.jpg 1\n",
            celeba.PARTITION: "000002.jpg 2\n",
            celeba.IDENTITY: "000002.jpg 7\n",
        },
    )
    _, faces = celeba.list_faces(folder)
    assert faces.attributes["gender"].tolist() == ["", "male", ""]
    assert np.isnan(faces.attributes["male"]).tolist() == [True, False, True]
    assert faces.person.tolist() == ["000001.jpg", "7", "000003.jpg"]
    assert faces.split.tolist() == [
        split_by_person(["000001.jpg"])[0],
        "test",
        split_by_person(["000003.jpg"])[0],
    ]
    assert f"{celeba.ATTRIBUTES}: 2 pictures not listed, 0 not there" in caplog.text


def test_other_folders_are_not_celeba(tmp_path):
    assert not celeba.recognises(tmp_path)
    assert not celeba.recognises(tmp_path / "absent")


@pytest.mark.parametrize(
    "name, content, message",
    [
        (celeba.ATTRIBUTES, "", "line 1 must be the number of pictures, line 2 attribute names"),
        (celeba.ATTRIBUTES, "000001.jpg 1\n000002.jpg 1\n", "line 1 must be the number"),
        (celeba.ATTRIBUTES, "1\nMale\n000001.jpg 1 1\n", "line 3: a file name and 1 numbers are"),
        (celeba.ATTRIBUTES, "1\nMale\n000001.jpg x\n", "line 3: a file name and 1 numbers are"),
        (celeba.ATTRIBUTES, "1\nMale\n000001.jpg 0\n", "attribute values must be -1 or 1"),
        (celeba.ATTRIBUTES, "1\nMale\n9.png 1\n", "none of the pictures is listed, e.g. 000001"),
        (celeba.LANDMARKS, "\n\n000001.jpg 1 2\n", "line 3: a file name and 10 numbers are"),
        (celeba.PARTITION, "000001.jpg 3\n", "partitions must be 0 (train), 1 (validation) or 2"),
    ],
)
def test_files_with_mistakes(tmp_path, name, content, message):
    with pytest.raises(UserError) as caught:
        celeba.list_faces(_folder(tmp_path, **{name: content}))
    assert f"{tmp_path / name}" in str(caught.value)
    assert message in str(caught.value)


def test_missing_pictures(tmp_path):
    (tmp_path / celeba.ATTRIBUTES).write_text(FILES[celeba.ATTRIBUTES])
    with pytest.raises(UserError, match="img_align_celeba: no such folder"):
        celeba.list_faces(tmp_path)
