import json
import pathlib

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import check, folders, records

LONDON = pathlib.Path(__file__).parents[2] / "../shared/data/faces_london"


@pytest.fixture
def folder(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    for name, image in [("a", images[0]), ("b", images[1]), ("c", images[2][:4])]:
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    Image.fromarray(images[0]).save(tmp_path / "again.bmp")
    (tmp_path / "broken.png").write_text("broken")
    (tmp_path / "attributes.csv").write_text(
        "file,person,split,smiling,age,race,lips\n"
        "a,ann,train,1,20,x,1 2 3 4\n"
        "b,bob,test,0,40,y,\n"
        "c,cay,train,1,,y,1 2 3 4\n"
        "again,ann,test,,60,,\n"
        "broken,eve,train,0,,y,\n"
    )
    return tmp_path


def test_report(folder):
    report = check.report(folder, 6)
    assert report == {
        "layout": "plain",
        "count": 5,
        "persons": 4,
        "picture_sizes": {"common": [[8, 8, 3], [8, 4, 1]], "min": [8, 4], "max": [8, 8]},
        "size": 6,
        "smaller_than_size": 1,
        "unreadable": [["broken.png", "not a JPEG, PNG, WebP or BMP picture"]],
        "duplicates": [["a.png", "again.bmp"]],
        "splits": {"train": 3, "validation": 0, "test": 2},
        "persons_in_several_splits": 1,
        "attributes": {
            "smiling": {"kind": "flag", "unknown": 1, "share": 0.5},
            "age": {"kind": "number", "unknown": 2, "min": 20, "mean": 40, "max": 60},
            "race": {"kind": "text", "unknown": 1, "values": {"x": 1, "y": 3}, "more": 0},
        },
        "regions": {"lips": 2},
    }
    assert json.loads(json.dumps(report)) == report


def test_text(folder):
    assert check.text(check.report(folder, 6)).splitlines() == [
        "5 pictures of 4 persons, plain layout",
        "sizes       8x8: 3, 8x4: 1 (smallest 8x4, largest 8x8)",
        "enlarged    1 are smaller than 6 pixels",
        "splits      train 3, validation 0, test 2",
        "regions     lips 2",
        "unreadable  1",
        "  broken.png: not a JPEG, PNG, WebP or BMP picture",
        "duplicates  1",
        "  a.png = again.bmp",
        "attributes  3",
        "  smiling              50.0% are 1 (1 unknown)",
        "  age                  20 to 60, mean 40 (2 unknown)",
        "  race                 x 1, y 3 (1 unknown)",
        "warning: 1 persons are in several splits",
    ]


def test_long_lists_are_cut(tmp_path):
    for i in range(30):
        (tmp_path / f"{i:02d}.png").touch()
    rows = "".join(f"{i:02d},word{i:02d}\n" for i in range(30))
    (tmp_path / "attributes.csv").write_text("file,word\n" + rows)
    report = check.report(tmp_path, 4)
    assert len(report["unreadable"]) == 30
    assert report["picture_sizes"] == {"common": [], "min": None, "max": None}
    assert len(report["attributes"]["word"]["values"]) == 12
    assert report["attributes"]["word"]["more"] == 18
    text = check.text(report)
    assert "  and 10 more" in text
    assert "word11 1 and 18 more values" in text
    assert "sizes       none" in text


def test_columns_of_numbers_that_nobody_knows():
    described = check._attribute(np.full(2, np.nan, np.float32))
    assert described == {"kind": "number", "unknown": 2, "min": None, "mean": None, "max": None}
    assert check._line("age", described).endswith("nothing known (2 unknown)")


def test_prepared_folders(folder):
    (folder / "broken.png").unlink()
    records.write_shards(folders.read_faces(folder, 6), folder / "out")
    report = check.report(folder / "out", 8)
    assert report["layout"] == "prepared"
    assert report["picture_sizes"] == {"common": [[6, 6, 4]], "min": [6, 6], "max": [6, 6]}
    assert report["smaller_than_size"] == 4
    assert report["duplicates"] == [["a.png", "again.bmp"]]
    assert report["unreadable"] == []
    index = json.loads((folder / "out/index.json").read_text())
    index["shards"][0]["sha256"] = "0" * 64
    (folder / "out/index.json").write_text(json.dumps(index))
    changed = [["faces-00000-of-00001.tfrecord", "changed since written"]]
    assert check.report(folder / "out", 6)["unreadable"] == changed


@pytest.mark.skipif(not LONDON.exists(), reason="the London faces are not here")
def test_london_faces():
    report = check.report(LONDON, 128)
    assert (report["count"], report["persons"]) == (244, 142)
    assert report["picture_sizes"]["common"] == [[128, 128, 244]]
    assert report["unreadable"] == report["duplicates"] == []
    assert report["persons_in_several_splits"] == 0
    assert report["attributes"]["gender"]["values"] == {"female": 118, "male": 126}
