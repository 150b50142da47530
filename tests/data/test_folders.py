import pathlib

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import folders, pictures, records
from aign_tf.data.selection import select
from aign_tf.errors import UserError

LONDON = pathlib.Path(__file__).parents[2] / "../shared/data/faces_london"


def _noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _folder(folder, count, size=(6, 4), broken=()):
    folder.mkdir(parents=True, exist_ok=True)
    images = _noise(count, size[1], size[0], 3)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:03d}.png")
    for i in broken:
        (folder / f"{i:03d}.png").write_text("broken")
    return images


def test_pictures_boxes_and_names_stay_together(tmp_path):
    images = _folder(tmp_path, 3)
    (tmp_path / "attributes.csv").write_text("file,age,lips\n000,1,2 1 4 3\n002,3,1 0 3 2\n")
    faces = folders.read_faces(tmp_path, 4)
    # A 6x4 picture loses one column on either side.
    np.testing.assert_array_equal(faces.images, images[:, :, 1:5])
    np.testing.assert_array_equal(faces.attributes["age"], [1, np.nan, 3])
    np.testing.assert_array_equal(faces.boxes["lips"], [[1, 1, 3, 3], [np.nan] * 4, [0, 0, 2, 2]])
    assert faces.boxes["lips"].dtype == np.float32


def test_boxes_follow_resampling(tmp_path):
    _folder(tmp_path, 1, size=(8, 8))
    (tmp_path / "attributes.csv").write_text("file,nose\n000,0.5 2.5 4.5 6.5\n")
    faces = folders.read_faces(tmp_path, 4)
    np.testing.assert_allclose(faces.boxes["nose"], [[0, 1, 2, 3]])
    faces = folders.read_faces(tmp_path, 4, crop=0.5)
    np.testing.assert_allclose(faces.boxes["nose"], [[-1.5, 0.5, 2.5, 4.5]])


def test_a_few_unreadable_pictures_are_left_out_and_named(tmp_path, caplog):
    images = _folder(tmp_path, 40, size=(4, 4), broken=(0, 7))
    rows = "".join(f"{i:03d},{i}\n" for i in range(40))
    (tmp_path / "attributes.csv").write_text("file,number\n" + rows)
    faces = folders.read_faces(tmp_path, 4)
    kept = [i for i in range(40) if i not in (0, 7)]
    np.testing.assert_array_equal(faces.images, images[kept])
    np.testing.assert_array_equal(faces.attributes["number"], kept)
    assert faces.names.tolist() == [f"{i:03d}.png" for i in kept]
    assert "2 of 40 pictures cannot be read and are left out" in caplog.text
    assert f"left out: {tmp_path / '007.png'}: not a JPEG" in caplog.text


def test_many_unreadable_pictures_are_an_error(tmp_path):
    _folder(tmp_path, 30, broken=range(23))
    with pytest.raises(UserError) as caught:
        folders.read_faces(tmp_path, 4)
    listed = ", ".join(f"{i:03d}.png" for i in range(20))
    assert str(caught.value) == (
        f"{tmp_path}: 23 of 30 pictures cannot be read (the first: not a JPEG, PNG, WebP or BMP "
        f"picture): {listed} and 3 more"
    )


def test_too_little_memory_is_noticed_before_reading(tmp_path, monkeypatch):
    _folder(tmp_path, 3, broken=range(3))
    monkeypatch.setattr(pictures, "available_memory", lambda: 1000)
    with pytest.raises(UserError, match=r"3 pictures of 64x64 take .*--set=data.image_size"):
        folders.read_faces(tmp_path, 64)


def test_layouts_are_told_apart(tmp_path):
    for name in ("plain/a.png", "utk/20_0_1_2017.jpg", "celeba/img_align_celeba/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "celeba/list_attr_celeba.txt").write_text("1\nMale\n1.jpg -1\n")
    found = {name: folders.list_faces(tmp_path / name)[0] for name in ("plain", "utk", "celeba")}
    assert found == {"plain": "plain", "utk": "utkface", "celeba": "celeba"}
    assert folders.read_faces(tmp_path / "utk", 4).attributes["race"].tolist() == ["black"]
    assert folders.read_faces(tmp_path / "celeba", 4).attributes["gender"].tolist() == ["female"]


def test_prepared_folders_are_read_back_and_not_cropped_again(tmp_path):
    _folder(tmp_path / "raw", 5)
    faces = folders.read_faces(tmp_path / "raw", 4, crop=0.5)
    records.write_shards(faces, tmp_path / "prepared")
    for crop in (0.5, 1.0):
        again = folders.read_faces(tmp_path / "prepared", 4, crop)
        np.testing.assert_array_equal(again.images, faces.images)


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        folders.read_faces(tmp_path / "absent", 4)
    with pytest.raises(UserError, match="no pictures below it"):
        folders.read_faces(tmp_path, 4)


@pytest.mark.skipif(not LONDON.exists(), reason="the London faces are not here")
def test_london_faces_end_to_end():
    faces = folders.read_faces(LONDON, 64)
    assert faces.images.shape == (244, 64, 64, 3)
    women = select("gender=female and age<30", faces)
    assert 50 < women.sum() < 118
    full = folders.read_faces(LONDON, 128)
    np.testing.assert_allclose(
        faces.boxes["lips"], (full.boxes["lips"] - 0.5) / 2, rtol=1e-6, atol=1e-5
    )
    # Lips are redder than the face around them.
    x0, y0, x1, y1 = np.nanmean(full.boxes["lips"], axis=0).round().astype(int)
    mean = full.images.astype(np.float32).mean(axis=0)
    redness = mean[..., 0] - mean[..., 1]
    assert redness[y0:y1, x0:x1].mean() > redness[40:120, 30:98].mean() + 5
