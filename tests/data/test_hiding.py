"""What is hidden, by every way of saying so."""

import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data import holes
from aign_tf.data.hiding import Hiding
from aign_tf.data.synthetic import faces
from aign_tf.errors import UserError

SIZE = 32
SEED = tf.constant([1, 2])


@pytest.fixture(scope="module")
def people():
    return faces.face_set(faces.generate(6, SIZE, seed=3))


@pytest.mark.parametrize("region", ["lips", "nose", "eyes"])
def test_a_region_hides_what_was_measured(region, people):
    hiding = Hiding(region, "", SIZE)
    visible = hiding.visibility(hiding.boxes(people), SEED).numpy()[..., 0]
    for mask, (x0, y0, x1, y1) in zip(visible, people.boxes[region]):
        inside = mask[int(np.ceil(y0)) : int(y1) + 1, int(np.ceil(x0)) : int(x1) + 1]
        assert inside.size and not inside.any()
        assert mask.mean() > 0.5


def test_a_box_hides_the_same_of_everybody(people):
    hiding = Hiding("box", "0 0.5 1 1", SIZE)
    visible = hiding.visibility(hiding.boxes(people), SEED).numpy()
    assert visible[:, : SIZE // 2].all() and not visible[:, SIZE // 2 :].any()


def test_free_strokes_differ_between_faces_and_seeds(people):
    hiding = Hiding("free", "", SIZE)
    boxes = hiding.boxes(people)
    first = hiding.visibility(boxes, SEED).numpy()
    assert first.shape == (6, SIZE, SIZE, 1) and not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, hiding.visibility(boxes, SEED))
    assert not np.array_equal(first, hiding.visibility(boxes, SEED + 1))


def test_a_photo_gets_the_template():
    mask = Hiding("lips", "", SIZE).of_a_photo()
    x0, y0, x1, y1 = np.multiply(holes.TEMPLATE["lips"], SIZE)
    assert mask.shape == (1, SIZE, SIZE, 1)
    assert mask[0, int((y0 + y1) / 2), int((x0 + x1) / 2)] == 0
    assert (1 - mask).sum() == pytest.approx((x1 - x0) * (y1 - y0), rel=0.2)
    assert (1 - Hiding("box", "0 0 0.5 0.5", SIZE).of_a_photo()).sum() == SIZE**2 / 4


def test_the_usual_box_is_where_most_holes_are(people):
    hiding = Hiding("lips", "", SIZE)
    usual = hiding.usual_box(people)
    holes_of_people = hiding.visibility(hiding.boxes(people), SEED).numpy()
    mask = Hiding("lips", usual, SIZE).of_a_photo()
    assert np.abs(mask - holes_of_people).mean() < 0.03
    np.testing.assert_array_equal(mask, Hiding("box", usual, SIZE).of_a_photo())


def test_mistakes_are_told_in_one_line():
    with pytest.raises(ValueError, match="no region 'mouth'"):
        Hiding("mouth", "", SIZE)
    with pytest.raises(UserError, match="say what to complete"):
        Hiding("free", "", SIZE).of_a_photo()
    with pytest.raises(UserError, match="four fractions"):
        Hiding("box", "", SIZE).of_a_photo()
