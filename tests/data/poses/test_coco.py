import json
import re

import numpy as np
import pytest

from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.errors import UserError


def _pose(x, v=2):
    return [x, x + 1, v] * 17


def _annotations(*keypoints, images=(0, 0, 0)):
    return {
        "images": [{"id": 0, "width": 640, "height": 480}, {"id": 1, "width": 300, "height": 400}],
        "annotations": [{"image_id": i, "keypoints": k} for i, k in zip(images, keypoints)],
    }


def _write(folder, content):
    path = folder / "people.json"
    path.write_text(json.dumps(content))
    return path


def test_people_are_grouped_by_size_of_picture(tmp_path):
    content = _annotations(_pose(1), _pose(2, 1), _pose(3), _pose(0, 0), images=(0, 1, 0, 1))
    content["annotations"][0]["keypoints"][6:9] = [0, 0, 0]
    clips = read_keypoints(_write(tmp_path, content))
    assert [clip.name for clip in clips] == ["people/640x480", "people/300x400"]
    assert [clip.image_size for clip in clips] == [(640, 480), (300, 400)]
    assert all(clip.skeleton.name == "coco17" for clip in clips)
    np.testing.assert_array_equal(clips[0].joints[:, 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(clips[1].joints[:, 0], [[2, 3]])
    np.testing.assert_array_equal(clips[0].confidence[0], [1, 1, 0] + [1] * 14)
    np.testing.assert_array_equal(clips[1].confidence, np.ones((1, 17)))


def test_a_detectors_list(tmp_path):
    people = [{"image_id": "a.jpg", "keypoints": _pose(x, 0.25 * x), "score": 2} for x in (1, 2)]
    (clip,) = read_keypoints(_write(tmp_path, people))
    assert clip.name == "people" and clip.image_size is None
    np.testing.assert_array_equal(clip.confidence[:, 3], [0.25, 0.5])


@pytest.mark.parametrize(
    "content, message",
    [
        ({"annotations": []}, ": 'images' needs id, width and height of each picture"),
        (
            {"annotations": [], "images": [{"id": 1, "width": 3}]},
            ": 'images' needs id, width and height of each picture",
        ),
        (
            {"annotations": [], "images": [{"id": 1, "width": 3, "height": 0}]},
            ": an image's size must be (width, height) in pixels",
        ),
        ({"annotations": {}, "images": []}, ": 'annotations' is not a list"),
        ([], ": no annotation has a joint"),
        (_annotations(_pose(0, 0)), ": no annotation has a joint"),
        ([{"image_id": 1}], ", annotation 0: no 'keypoints'"),
        ([7], ", annotation 0: no 'keypoints'"),
        (
            _annotations(_pose(1), [1, 2, 2] * 16),
            ", annotation 1: 48 numbers; expected 51, the 17 joints of COCO",
        ),
        (_annotations([None] * 51), ", annotation 0: not numbers (type object)"),
        (_annotations(_pose(1), images=(5,)), ", annotation 0: image_id 5 is none of 'images'"),
        (_annotations(_pose(1), images=([],)), ", annotation 0: image_id [] is none of 'images'"),
    ],
)
def test_files_that_are_not_coco(tmp_path, content, message):
    path = _write(tmp_path, content)
    with pytest.raises(UserError, match=f"^{re.escape(str(path) + message)}$"):
        read_keypoints(path)
