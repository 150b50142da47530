import numpy as np
import pytest

from aign_tf.data.regions import boxes_from_five_points, boxes_from_landmarks
from aign_tf.errors import UserError

GROUPS = {
    68: {"lips": range(48, 68), "nose": range(27, 36), "eyes": range(36, 48)},
    189: {"lips": range(87, 109), "nose": range(50, 71), "eyes": range(2, 34)},
}


@pytest.mark.parametrize("count", [68, 189])
def test_boxes_hold_exactly_the_points_of_their_region(count):
    for region, members in GROUPS[count].items():
        points = np.full((count, 2), 1000.0)
        points[list(members)] = np.random.default_rng(0).uniform(10, 20, (len(members), 2))
        box = boxes_from_landmarks(points)[region]
        inside = points[list(members)]
        np.testing.assert_allclose(box, [*inside.min(0), *inside.max(0)], rtol=1e-6)
        assert box.dtype == np.float32


def test_batches_and_missing_points():
    points = np.random.default_rng(0).uniform(0, 100, (3, 68, 2))
    points[1, 50] = np.nan
    boxes = boxes_from_landmarks(points)
    assert boxes["lips"].shape == (3, 4)
    assert np.isnan(boxes["lips"][1]).all()
    assert np.isfinite(boxes["nose"]).all()


@pytest.mark.parametrize("shape", [(5, 2), (68, 3), (68,), ()])
def test_other_landmarks_are_refused(shape):
    with pytest.raises(UserError, match=r"landmarks of shape .*: a face needs \[68 or 189, 2\]"):
        boxes_from_landmarks(np.zeros(shape))


def test_five_points_by_hand():
    # Eyes 100 apart, mouth corners 50 apart.
    points = np.array([[100, 200], [200, 200], [150, 260], [125, 300], [175, 300]], np.float32)
    boxes = boxes_from_five_points(points)
    np.testing.assert_allclose(boxes["eyes"], [80, 190, 220, 210], rtol=1e-6)
    np.testing.assert_allclose(boxes["nose"], [121, 192, 179, 274], rtol=1e-6)
    np.testing.assert_allclose(boxes["lips"], [125, 290, 175, 310], rtol=1e-6)


def test_five_points_in_batches_scale_with_the_face():
    points = np.random.default_rng(0).uniform(0, 100, (4, 5, 2))
    one, three = boxes_from_five_points(points), boxes_from_five_points(3 * points)
    for region in one:
        assert one[region].dtype == np.float32
        np.testing.assert_allclose(three[region], 3 * one[region], rtol=1e-4, atol=1e-3)
