import numpy as np
import pytest

from aign_tf.data import face_boxes
from aign_tf.data.augment import normalized
from aign_tf.data.face_boxes import (
    Square,
    aligned_square,
    detect_faces,
    parse_boxes,
    parse_usual,
    squares,
    usual_detection,
    usual_text,
)
from aign_tf.data.folders import read_faces
from aign_tf.data.pasting import cut, paste
from aign_tf.data.synthetic import faces
from aign_tf.errors import UserError

# Boxes that a person writes, in a photo 60 pixels high and 100 wide.


@pytest.mark.parametrize(
    ("text", "squares"),
    [
        ("10 20 30 40", [Square(10, 20, 20)]),
        ("10 20 30 40; 50 0 80 30", [Square(10, 20, 20), Square(50, 0, 30)]),
        ("  10.2\t20 29.8 40 ;", [Square(10, 20, 20)]),
        ("10 20 30 30", [Square(10, 15, 20)]),  # Wide and high boxes keep their centre.
        ("10 20 20 40", [Square(5, 20, 20)]),
        ("-20 -30 20 10", [Square(-20, -30, 40)]),
        ("90 50 130 90", [Square(90, 50, 40)]),
        ("0 0 100 60", [Square(0, -20, 100)]),
    ],
)
def test_boxes_become_squares(text, squares):
    assert parse_boxes(text, 60, 100) == squares


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 boxes: write from 1 to 100"),
        (" ; ", "0 boxes"),
        ("1 1 9 9;" * 101, "101 boxes: write from 1 to 100"),
        ("1 1 9 9; 1 2 3", r"box 2 '1 2 3': write four numbers"),
        ("1 2 3 4 5", "box 1 .*: write four numbers as 'x0 y0 x1 y1'"),
        ("a b c d", "box 1 'a b c d': write four numbers"),
        ("1,2,3,4", "write four numbers"),
        ("nan 0 9 9", "write four numbers"),
        ("0 0 inf 9", "write four numbers"),
        ("9 0 9 9", "with x0 < x1 and y0 < y1"),
        ("0 9 9 0", "with x0 < x1 and y0 < y1"),
        ("100 0 120 20", "outside the photo of 100x60 pixels"),
        ("0 -20 20 0", "outside the photo"),
        ("1e300 1 2e300 20", "outside the photo"),
        ("1 1 4 4", "at least 4 pixels"),
        ("-1e300 0 1e300 20", "more than 3 times the shorter side of the photo of 100x60"),
        ("0 0 181 20", "more than 3 times"),
    ],
)
def test_boxes_that_cannot_be_used_are_one_line(text, message):
    with pytest.raises(UserError, match=message) as error:
        parse_boxes(text, 60, 100)
    assert "\n" not in str(error.value)


# Where detections lie in aligned pictures.


def test_the_square_round_a_detection_has_it_where_it_usually_is():
    usual = np.array([0.25, 0.3, 0.75, 0.8])
    assert aligned_square(Square(150, 230, 100), usual) == Square(100, 170, 200)
    for truth in (Square(40, 60, 80), Square(-20, -8, 400)):
        left, top, side = truth
        detected = Square(left + side // 4, top + round(0.3 * side), side // 2)
        assert aligned_square(detected, usual) == truth


def test_without_a_measure_the_constant_says_where_detections_are():
    detected = Square(31, 47, 968)
    assert aligned_square(detected, None) == aligned_square(detected, np.array(face_boxes.USUAL))
    np.testing.assert_allclose(aligned_square(detected, None), (15, 0, 985), atol=18)


def test_a_usual_detection_survives_as_text():
    usual = np.array([-0.01234, 0.05, 0.98765, 1.03])
    assert usual_text(usual) == "-0.01234 0.05 0.9877 1.03"
    np.testing.assert_allclose(parse_usual(usual_text(usual)), usual, atol=1e-4)
    np.testing.assert_array_equal(parse_usual(usual_text(None)), face_boxes.USUAL)
    assert parse_usual("") is None


@pytest.mark.parametrize(
    "text", ["1 2 3", "0 0 one 1", "0.9 0 0.1 1", "0 0 0.1 1", "0 0 20 20", "0 0 1 nan"]
)
def test_a_usual_detection_that_cannot_be_used_is_one_line(text):
    with pytest.raises(UserError, match=f"usual detection '{text}': "):
        parse_usual(text)


def test_nothing_usual_where_the_pictures_show_no_faces():
    noise = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    assert usual_detection(noise) is None
    assert usual_detection(noise[:0]) is None


def test_no_more_than_a_fifth_of_the_pictures_has_to_show_a_face():
    grey = np.full((4, 64, 64, 3), 128, np.uint8)
    portrait = faces.generate(1, 64, 0).images
    few = usual_detection(np.concatenate([grey, portrait]))
    np.testing.assert_array_equal(few, usual_detection(portrait))
    assert usual_detection(np.concatenate([grey, grey, portrait])) is None


# Detection.


def canvas_with(portraits, kind, squares):
    """A photo 420 pixels high and 640 wide, and in its squares one portrait each."""
    photo = np.full((420, 640, 3), (90, 120, 100), np.uint8)
    if kind == "noise":
        photo = np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)
    for portrait, square in zip(portraits, squares):
        photo = paste(photo, square, normalized(portrait).numpy())
    return photo


PLACES = [Square(350, 60, 260), Square(30, 30, 150), Square(200, 300, 80)]


def overlap(one, other):
    """Intersection over union."""
    lengths = [
        max(0, min(a + one.side, b + other.side) - max(a, b)) for a, b in zip(one[:2], other[:2])
    ]
    shared = lengths[0] * lengths[1]
    return shared / (one.side**2 + other.side**2 - shared)


def check_found(portraits, kind):
    """Pastes 12 portraits, three to a photo, and looks for them."""
    usual = usual_detection(portraits)
    overlaps, extra = [], 0
    for first in range(0, 12, 3):
        detected = detect_faces(canvas_with(portraits[first : first + 3], kind, PLACES))
        squares = [aligned_square(face, usual) for face in detected]
        assert detected == sorted(detected, key=lambda face: -face.side)
        best = [max((overlap(place, each) for each in squares), default=0) for place in PLACES]
        overlaps += best
        extra += len(squares) - np.count_nonzero(best)
    assert np.mean(np.array(overlaps) > 0.6) >= 0.75
    assert np.median(overlaps) > 0.75
    assert extra <= 1


@pytest.mark.parametrize("kind", ["plain", "noise"])
def test_procedural_faces_are_found_and_aligned(kind):
    check_found(faces.generate(12, 128, 0).images, kind)


@pytest.mark.parametrize("kind", ["plain", "noise"])
def test_real_faces_are_found_and_aligned(faces_london, kind):
    check_found(read_faces(faces_london, 128).images[::20], kind)


@pytest.mark.parametrize("size", [16, 64, 256])
def test_aligned_pictures_are_their_own_squares_at_any_size(size):
    whole = Square(0, 0, 256)
    portraits = [cut(image, whole, size) for image in faces.generate(8, 256, 0).images]
    usual = usual_detection(np.array(portraits))
    squares = [aligned_square(face, usual) for each in portraits for face in detect_faces(each)]
    overlaps = [overlap(square, Square(0, 0, size)) for square in squares]
    assert 6 <= len(squares) <= 9 and np.median(overlaps) > 0.75


def test_dropping_keeps_the_larger_of_two_that_overlap(monkeypatch):
    boxes = [(12, 12, 20), (0, 0, 40), (60, 0, 40), (38, 0, 30)]
    monkeypatch.setattr(face_boxes, "_detect", lambda *_: np.array(boxes, float))
    found = detect_faces(np.zeros((50, 100, 3), np.uint8))
    assert found == [Square(0, 0, 40), Square(60, 0, 40), Square(38, 0, 30)]


def test_no_more_faces_than_allowed(monkeypatch):
    boxes = np.array([(30 * i, 0, 20) for i in range(150)], float)
    monkeypatch.setattr(face_boxes, "_detect", lambda *_: boxes)
    assert len(detect_faces(np.zeros((50, 100, 3), np.uint8))) == face_boxes.MAX_FACES


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (1, 50000), (50000, 1), (24, 24)])
def test_photos_without_room_for_a_face_hold_none(shape):
    assert detect_faces(np.full((*shape, 3), 77, np.uint8)) == []


def test_a_photo_of_any_size_is_looked_at_in_bounded_time(monkeypatch):
    seen = []

    class Cascade:
        def detectMultiScale(self, grey, *_, minSize):
            seen.append((grey.shape, minSize))
            return ()

    monkeypatch.setattr(face_boxes, "_cascade", Cascade)
    detect_faces(np.zeros((3000, 6000, 3), np.uint8))
    detect_faces(np.zeros((40, 20, 3), np.uint8))
    assert seen == [((750, 1250), (40, 40)), ((400, 240), (13, 13))]


def test_squares_are_written_or_found(monkeypatch):
    photo = np.zeros((60, 100, 3), np.uint8)
    assert squares("10 20 30 40", photo, "") == [Square(10, 20, 20)]
    monkeypatch.setattr(face_boxes, "detect_faces", lambda picture: [Square(40, 20, 20)])
    assert squares("detect", photo, "0 0 1 1") == [Square(40, 20, 20)]
    # Where the detector marks the middle half of an aligned picture, that is twice as large.
    assert squares("detect", photo, "0.25 0.25 0.75 0.75") == [Square(30, 10, 40)]
