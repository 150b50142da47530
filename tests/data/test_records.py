import json

import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data import records
from aign_tf.data.faces import FaceSet
from aign_tf.data.pictures import square
from aign_tf.errors import UserError


def _faces(count=7, size=6):
    rng = np.random.default_rng(0)
    age = rng.uniform(0, 90, count).astype(np.float32)
    age[0] = np.nan
    boxes = rng.uniform(0, size, (count, 4)).astype(np.float32)
    boxes[1] = np.nan
    names = np.array([f"a/{i}.png" for i in range(count)])
    return FaceSet(
        rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8),
        names,
        np.array([f"person é {i // 2}" for i in range(count)]),
        np.array(["train", "test", "validation"])[np.arange(count) % 3],
        {"age": age, "gender": np.array(["", "female", "male"])[np.arange(count) % 3]},
        {"lips": boxes, "eyes": boxes + 1},
    )


def _assert_same(one, two):
    np.testing.assert_array_equal(one.images, two.images)
    for field in ("names", "person", "split"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))
    for field in ("attributes", "boxes"):
        columns = getattr(one, field)
        assert set(columns) == set(getattr(two, field))
        for name, column in columns.items():
            np.testing.assert_array_equal(column, getattr(two, field)[name])
            assert column.dtype.kind == getattr(two, field)[name].dtype.kind


@pytest.mark.parametrize("shards", [None, 1, 3, 9])
def test_round_trip(tmp_path, shards):
    faces = _faces()
    records.write_shards(faces, tmp_path / "out", shards)
    _assert_same(records.read_shards(tmp_path / "out", 6), faces)
    _assert_same(records.read_shards(tmp_path / "out"), faces)
    assert records.is_prepared(tmp_path / "out")
    assert records.damaged_shards(tmp_path / "out") == []


def test_index_and_file_names(tmp_path):
    records.write_shards(_faces(), tmp_path / "out", 2)
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    shards = ["faces-00000-of-00002.tfrecord", "faces-00001-of-00002.tfrecord"]
    assert files == [*shards, "index.json"]
    index = json.loads((tmp_path / "out/index.json").read_text())
    assert [len(shard.pop("sha256")) for shard in index["shards"]] == [64, 64]
    assert index == {
        "version": 1,
        "size": 6,
        "count": 7,
        "attributes": {"age": "number", "gender": "text"},
        "regions": ["eyes", "lips"],
        "shards": [{"file": shards[0], "count": 4}, {"file": shards[1], "count": 3}],
    }
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_another_size_is_resampled_with_its_boxes(tmp_path):
    faces = _faces()
    records.write_shards(faces, tmp_path / "out")
    small = records.read_shards(tmp_path / "out", 3)
    np.testing.assert_array_equal(small.images, [square(image, 3)[0] for image in faces.images])
    np.testing.assert_allclose(small.boxes["lips"], (faces.boxes["lips"] - 0.5) / 2, atol=1e-6)


def test_shards_are_about_100_mb(monkeypatch):
    faces = _faces(40, 32)  # Noise does not compress: a PNG is little more than its pixels.
    monkeypatch.setattr(records, "_SHARD_BYTES", 10 * 32 * 32 * 3)
    assert records._default_shards(faces) == 4


def test_output_must_be_new_or_empty(tmp_path):
    (tmp_path / "empty").mkdir()
    records.write_shards(_faces(), tmp_path / "empty")
    (tmp_path / "file").touch()
    for name in ("empty", "file"):
        with pytest.raises(UserError, match=f"{name} exists and is not an empty folder: give"):
            records.write_shards(_faces(), tmp_path / name)


def test_interrupted_writing_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(records, "write_json", interrupt)
    with pytest.raises(KeyboardInterrupt):
        records.write_shards(_faces(), tmp_path / "new" / "out")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.fixture
def prepared(tmp_path):
    records.write_shards(_faces(), tmp_path / "out", 2)
    return tmp_path / "out"


def _refused(folder, message):
    with pytest.raises(UserError) as caught:
        records.read_shards(folder, 6)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_shards(prepared):
    (prepared / "faces-00001-of-00002.tfrecord").unlink()
    _refused(prepared, "faces-00001-of-00002.tfrecord is missing (1 in all): prepare again")


def test_truncated_shards(prepared):
    path = prepared / "faces-00001-of-00002.tfrecord"
    path.write_bytes(path.read_bytes()[:-20])
    _refused(prepared, f"{path} is truncated or corrupt: prepare the faces again")


def test_corrupt_shards(prepared):
    path = prepared / "faces-00000-of-00002.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    _refused(prepared, f"{path} is truncated or corrupt: prepare the faces again")
    assert records.damaged_shards(prepared) == [path.name]


def _rewrite(path, records_):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records_:
            writer.write(record)


def test_shards_that_ended_between_two_pictures(prepared):
    path = prepared / "faces-00000-of-00002.tfrecord"
    _rewrite(path, list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())[:3])
    _refused(prepared, f"{path} has 3 pictures instead of 4: prepare again")


def test_shards_with_other_content(prepared):
    path = prepared / "faces-00000-of-00002.tfrecord"
    _rewrite(path, [b"", b"", b"", b""])
    _refused(prepared, f"{path} is truncated or corrupt")
    broken = list(records._examples(_faces(4), np.arange(4)))
    _rewrite(path, [record.replace(b"\x89PNG", b"\x89GNP") for record in broken])
    _refused(prepared, f"{path} is corrupt: not a JPEG, PNG, WebP or BMP picture: prepare")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda index: index.update(version=2), "has version 2, this code reads 1: prepare again"),
        (lambda index: index.update(count=8), "its shards do not add up to its count"),
        (lambda index: index.pop("size"), "is not an index of prepared faces"),
        (lambda index: index.update(shards=3), "is not an index of prepared faces"),
    ],
)
def test_unusable_indices(prepared, change, message):
    index = json.loads((prepared / "index.json").read_text())
    change(index)
    (prepared / "index.json").write_text(json.dumps(index))
    _refused(prepared, message)


def test_index_that_is_no_json(prepared):
    for content in ("", "[1, 2]", "{"):
        (prepared / "index.json").write_text(content)
        _refused(prepared, "index.json is not an index of prepared faces: prepare them again")
