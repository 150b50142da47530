import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data import holes
from aign_tf.data.faces import FaceSet
from aign_tf.errors import UserError


def faces(boxes: dict, count: int = 1, size: int = 50) -> FaceSet:
    text = np.full(count, "a")
    images = np.zeros((count, size, size, 3), np.uint8)
    boxes = {region: np.array(rows, np.float32) for region, rows in boxes.items()}
    return FaceSet(images, text, text, np.full(count, "train"), {}, boxes)


def brute_force(box, size):
    x0, y0, x1, y1 = box
    mask = np.ones((size, size, 1), np.float32)
    for y in range(size):
        for x in range(size):
            if x0 <= x < x1 and y0 <= y < y1:
                mask[y, x] = 0
    return mask


@pytest.mark.parametrize("region", holes.TEMPLATE)
def test_unmeasured_faces_have_the_template(region):
    unmeasured = np.full((2, 4), np.nan)
    for boxes in ({}, {region: unmeasured}):
        result = holes.hole_boxes(faces(boxes, 2, size=100), region)
        np.testing.assert_array_equal(
            result, np.round([100 * np.array(holes.TEMPLATE[region])] * 2)
        )
        assert result.dtype == np.float32


def test_small_region_has_a_hole_of_the_templates_size_round_its_centre():
    # Centre (24.5, 35.5) in centre coordinates is (25, 36) from the picture's corner; the template
    # is 25 by 14 pixels: 12.5..37.5 by 29..43, and outwards 12..38.
    result = holes.hole_boxes(faces({"lips": [[20, 33, 29, 38]]}), "lips")
    np.testing.assert_array_equal(result, [[12, 29, 38, 43]])


def test_big_region_is_covered_with_a_margin():
    # 10..40 by 30..40 from the corner; a margin of 50 / 32 = 1.5625 px on each side.
    result = holes.hole_boxes(faces({"lips": [[9.5, 29.5, 39.5, 39.5]]}), "lips")
    np.testing.assert_array_equal(result, [[8, 28, 42, 42]])


def test_holes_do_not_tell_the_size_of_usual_lips():
    small, big = [22, 34, 28, 37], [16, 32, 34, 39]
    result = holes.hole_boxes(faces({"lips": [small, big]}, 2), "lips")
    np.testing.assert_array_equal(result[0], result[1])


def test_hole_is_clipped_to_the_picture():
    result = holes.hole_boxes(faces({"lips": [[0, 44, 10, 49]]}), "lips")
    assert result.min() == 0 and result.max() == 50


def test_region_outside_its_picture_has_the_template():
    result = holes.hole_boxes(faces({"lips": [[80, 10, 90, 20]]}), "lips")
    np.testing.assert_array_equal(result, holes.hole_boxes(faces({}), "lips"))


def test_unknown_region():
    with pytest.raises(UserError, match="no region 'chin' to hide: use one of lips, nose, eyes"):
        holes.hole_boxes(faces({}), "chin")


def test_no_faces():
    assert holes.hole_boxes(faces({}, 0), "nose").shape == (0, 4)


def test_fixed_box_is_rounded_outwards():
    result = holes.fixed_box("0.25 0.58 0.75 0.861", 3, 50)
    np.testing.assert_array_equal(result, np.tile([12, 29, 38, 44], (3, 1)))
    np.testing.assert_array_equal(holes.fixed_box("0 0 1 1", 1, 64), [[0, 0, 64, 64]])


@pytest.mark.parametrize(
    "text, problem",
    [
        (
            "a b c d",
            "write four fractions of the side as 'x0 y0 x1 y1', e.g. '0.25 0.58 0.75 0.86'",
        ),
        ("0.1 0.2 0.3", "got 3 numbers"),
        ("", "got 0 numbers"),
        ("0.1 0.2 0.3 1.2", "each from 0 to 1"),
        ("-0.1 0.2 0.3 0.4", "each from 0 to 1"),
        ("nan 0.2 0.3 0.4", "each from 0 to 1"),
        ("0.5 0.2 0.5 0.4", "with x0 < x1 and y0 < y1"),
        ("0.1 0.6 0.5 0.4", "with x0 < x1 and y0 < y1"),
    ],
)
def test_bad_fixed_boxes(text, problem):
    with pytest.raises(UserError) as caught:
        holes.fixed_box(text, 1, 64)
    message = str(caught.value)
    assert message.startswith(f"box {text!r}: ") and message.endswith(problem)
    assert "\n" not in message


# Without the subnormal numbers, which TensorFlow takes for 0.
coordinate = st.floats(-3, 15, width=32, allow_subnormal=False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=3))
def test_box_visibility_hides_the_centres_in_the_box(boxes):
    result = holes.box_visibility(tf.constant(boxes, tf.float32), 12)
    np.testing.assert_array_equal(result, [brute_force(box, 12) for box in np.float32(boxes)])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5), st.integers(0, 10**6))
def test_jitter_moves_whole_boxes_by_whole_pixels(pixels, seed):
    boxes = np.tile(np.float32([3, 4, 8, 6]), (40, 1))
    moved = holes.jitter_boxes(boxes, pixels, [seed, 1])
    moves = moved.numpy() - boxes
    np.testing.assert_array_equal(moves[:, :2], moves[:, 2:])
    np.testing.assert_array_equal(moves, np.round(moves))
    assert np.abs(moves).max() <= pixels
    np.testing.assert_array_equal(moved, holes.jitter_boxes(boxes, pixels, [seed, 1]))


def test_jitter_reaches_all_moves():
    moves = holes.jitter_boxes(np.zeros((500, 4)), 2, [0, 1]).numpy()
    assert sorted(set(moves[:, 0])) == sorted(set(moves[:, 1])) == [-2, -1, 0, 1, 2]


@pytest.mark.parametrize("size", [16, 64, 128])
def test_strokes_hide_a_sensible_share(size):
    masks = holes.stroke_visibility(1000, size, [1, 2]).numpy()
    assert masks.shape == (1000, size, size, 1) and masks.dtype == np.float32
    assert set(np.unique(masks)) == {0, 1}
    hidden = 1 - masks.mean(axis=(1, 2, 3))
    assert hidden.min() >= 0.01 and hidden.max() <= 0.6
    assert np.mean((hidden > 0.05) & (hidden < 0.4)) > 0.9


def test_strokes_depend_on_the_seed_alone():
    first, again, other = (holes.stroke_visibility(4, 32, [7, s]).numpy() for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    assert np.any(first[0] != first[1])


def test_one_segment_is_a_capsule(monkeypatch):
    # From (0.25, 0.5) to (0.75, 0.5) with radius 0.125; the other strokes are not drawn.
    numbers = np.full((1, 2, 1, 6), -1.0, np.float32)
    numbers[:, 0] = 0.25, 0.5, 1, 0, 0.5, 0.125**2
    monkeypatch.setattr(holes, "_random_segments", lambda *_: tf.split(numbers, 6, axis=-1))
    centres = (np.arange(128) + 0.5) / 128
    x, y = np.meshgrid(centres, centres)
    expected = np.hypot(x - np.clip(x, 0.25, 0.75), y - 0.5) > 0.125
    result = holes.stroke_visibility(1, 128, [0, 0]).numpy()[0, ..., 0]
    # The outline is interpolated: a few of its 225 pixels may differ.
    assert np.sum(result != expected) < 40
    assert result[64, 20] == 0 and result[64, 12] == 1


def test_masks_can_be_drawn_in_a_dataset():
    def draw(index):
        boxes = holes.jitter_boxes(holes.fixed_box("0.2 0.2 0.6 0.6", 2, 16), 2, [index, 0])
        return holes.box_visibility(boxes, 16) * holes.stroke_visibility(2, 16, [index, 1])

    masks = list(tf.data.Dataset.range(3).map(draw))
    assert [mask.shape for mask in masks] == [(2, 16, 16, 1)] * 3
