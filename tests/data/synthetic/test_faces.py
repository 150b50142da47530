import dataclasses

import numpy as np
import pytest

from aign_tf.data.faces import REGIONS, FaceSet, split_by_person
from aign_tf.data.synthetic import face_layers, face_parameters, faces, shapes
from aign_tf.errors import UserError


@pytest.fixture(scope="module")
def many():
    return faces.generate(2000, size=32, seed=1)


@pytest.fixture(scope="module")
def some():
    return faces.generate(200, size=64, seed=2)


def column(collection, name):
    values = collection.attributes[name]
    return (values == "female").astype(np.float32) if name == "gender" else values


def assert_same(a, b):
    for field in ("images", "person", "landmarks", "labels"):
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    for name, values in a.attributes.items():
        np.testing.assert_array_equal(values, b.attributes[name])


def first(collection, count):
    return faces.ProceduralFaces(
        collection.images[:count],
        collection.person[:count],
        {name: values[:count] for name, values in collection.attributes.items()},
        collection.landmarks[:count],
        collection.labels[:count],
    )


def test_shapes_types_and_names(some):
    assert some.images.shape == (200, 64, 64, 3) and some.images.dtype == np.uint8
    assert some.landmarks.shape == (200, 68, 2) and some.landmarks.dtype == np.float32
    assert list(some.person[[0, 1, 2, 199]]) == ["p000000", "p000000", "p000001", "p000099"]
    assert set(some.parts) == set(faces.PARTS)
    assert all(mask.shape == (200, 64, 64) and mask.dtype == bool for mask in some.parts.values())
    assert (sum(mask.astype(int) for mask in some.parts.values()) == 1).all()
    assert all(len(values) == 200 for values in some.attributes.values())


def test_the_same_seed_gives_the_same_faces_and_another_seed_others():
    assert_same(faces.generate(5, 40, seed=3), faces.generate(5, 40, seed=3))
    other = faces.generate(5, 40, seed=4)
    assert (faces.generate(5, 40, seed=3).images != other.images).mean() > 0.5


@pytest.mark.parametrize("count", [1, 63, 65])
def test_a_face_does_not_depend_on_the_count(count):
    assert_same(faces.generate(count, 32), first(faces.generate(130, 32), count))


def test_a_face_does_not_depend_on_the_chunks(monkeypatch):
    whole = faces.generate(9, 32)
    monkeypatch.setattr(faces, "CHUNK_PIXELS", 4 * 32**2)
    assert_same(whole, faces.generate(9, 32))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 2, "size": 31}, "size 31 of the faces: use 32 to 256 pixels"),
        ({"count": 2, "size": 257}, "size 257 of the faces: use 32 to 256 pixels"),
        ({"count": 0}, "0 faces: use a count of 1 or more"),
        ({"count": 2, "seed": -1}, "seed -1: use a whole number of 0 or more"),
    ],
)
def test_what_cannot_be_painted_is_refused(arguments, message):
    with pytest.raises(UserError) as error:
        faces.generate(**arguments)
    assert str(error.value) == message


def test_attributes_have_their_ranges_and_shares(many):
    for name in ("lip_size", "nose_size"):
        assert many.attributes[name].min() >= 0 and many.attributes[name].max() <= 1
    assert many.attributes["age"].min() >= 18 and many.attributes["age"].max() <= 80
    for name, share in {"big_lips": 0.5, "big_nose": 0.5, "smiling": 0.5, "glasses": 0.25}.items():
        assert set(many.attributes[name]) == {0.0, 1.0}
        assert abs(many.attributes[name].mean() - share) < 0.04
    assert set(many.attributes["gender"]) == {"female", "male"}
    assert abs(column(many, "gender").mean() - 0.5) < 0.04
    for part in ("lip", "nose"):
        big = many.attributes["big_lips" if part == "lip" else "big_nose"]
        np.testing.assert_array_equal(big == 1, many.attributes[f"{part}_size"] > 0.6)


def test_attributes_are_independent_of_one_another_and_of_the_person(many):
    names = ["lip_size", "nose_size", "age", "gender", "smiling", "glasses"]
    columns = np.stack([column(many, name) for name in names])
    between = np.corrcoef(columns) - np.eye(len(names))
    assert np.abs(between).max() < 0.09  # four standard deviations for 2000 faces
    for values in columns:
        assert abs(np.corrcoef(values[0::2], values[1::2])[0, 1]) < 0.13


def test_the_pictures_of_a_person_share_the_identity_and_nothing_else():
    drawn = face_parameters.draw_block(0, 0)[1]
    identity = face_parameters.draw_people(np.random.default_rng(0), 4)
    for name, values in drawn.items():
        assert (values[0::2] == values[1::2]).all() == (name in identity)


def test_the_regions_are_where_aligned_faces_have_them(some):
    eyes = (some.landmarks[:, faces.LANDMARKS["eyes"]].mean(axis=1) + 0.5) / 64
    lips = (some.landmarks[:, faces.LANDMARKS["lips"]].mean(axis=1) + 0.5) / 64
    assert np.abs(eyes - (0.5, 0.42)).max() < 0.025
    assert np.abs(lips - (0.5, 0.72)).max() < 0.027


@pytest.mark.parametrize("part", ["lips", "eyes", "nose"])
def test_landmarks_and_masks_agree(some, part):
    mask = some.parts["lips"] | some.parts["teeth"] if part == "lips" else some.parts[part]
    rows, columns = np.mgrid[:64, :64]
    area = mask.sum(axis=(1, 2))
    assert area.min() > 8
    centre = np.stack([(mask * grid).sum(axis=(1, 2)) / area for grid in (columns, rows)], axis=1)
    marks = some.landmarks[:, faces.LANDMARKS[part]]
    middle = (marks.min(axis=1) + marks.max(axis=1)) / 2
    assert np.abs(centre - middle)[:, 0].max() < 1.5
    assert np.abs(centre - middle)[:, 1].max() < (6 if part == "nose" else 2)


def test_landmarks_of_each_side_run_from_left_to_right(some):
    jaw = some.landmarks[:, faces.LANDMARKS["jaw"], 0]
    brows = some.landmarks[:, faces.LANDMARKS["brows"], 0]
    assert (np.diff(jaw, axis=1) > 0).all() and (np.diff(brows, axis=1) > 0).all()
    # 300-W counts both eyes and both rows of lips clockwise: the corners are the extremes.
    lips = some.landmarks[:, faces.LANDMARKS["lips"], 0]
    assert (lips.argmin(axis=1) == 0).all() and (lips.argmax(axis=1) == 6).all()


def test_the_lips_grow_with_lip_size_whether_smiling_or_not(some):
    middle = some.parts["lips"][:, :, 28:36].sum(axis=1).mean(axis=1)
    size = some.attributes["lip_size"]
    for smiling in (0, 1):
        chosen = some.attributes["smiling"] == smiling
        assert np.corrcoef(middle[chosen], size[chosen])[0, 1] > 0.97
    assert middle[size < 0.1].mean() < 4.5 and middle[size > 0.9].mean() > 8.5


def test_a_face_looks_the_same_at_every_size():
    small = faces.generate(32, 64, seed=5)
    large = faces.generate(32, 128, seed=5)
    pooled = large.images.reshape(32, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    error = ((pooled - small.images) ** 2).mean(axis=(1, 2, 3))
    assert (10 * np.log10(255**2 / error)).min() > 29  # measured: 31 to 39 dB, most of it noise
    np.testing.assert_allclose((large.landmarks + 0.5) / 2 - 0.5, small.landmarks, atol=1e-4)


def test_a_face_set_is_split_by_person_and_boxed(some):
    collection = faces.face_set(some)
    assert isinstance(collection, FaceSet) and len(collection) == 200 and collection.size == 64
    assert collection.names[123] == "face_000123"
    np.testing.assert_array_equal(collection.split, split_by_person(some.person))
    assert set(collection.boxes) == set(REGIONS)
    for boxes in collection.boxes.values():
        assert boxes.shape == (200, 4) and boxes.dtype == np.float32
        assert (boxes[:, 2:] > boxes[:, :2]).all() and boxes.min() > 0 and boxes.max() < 63


@pytest.mark.parametrize("part", ["lips", "eyes"])
def test_boxes_contain_what_they_are_around(some, part):
    for (x0, y0, x1, y1), mask in zip(faces.face_set(some).boxes[part], some.parts[part]):
        rows, columns = np.nonzero(mask)
        assert x0 <= columns.min() and columns.max() <= x1
        assert y0 <= rows.min() and rows.max() <= y1


def test_glasses_are_seen_only_on_those_who_wear_them(some):
    seen = some.parts["glasses"].any(axis=(1, 2))
    np.testing.assert_array_equal(seen, some.attributes["glasses"] == 1)


def test_edges_are_smooth_and_areas_right():
    # A disc of radius 0.3: its covered area is known.
    size = 64
    centres = ((np.arange(size, dtype=np.float32) + 0.5) / size)[None]
    canvas = shapes.Canvas(
        colour=np.zeros((1, 3, size, size), np.float32),
        labels=np.zeros((1, size, size), np.uint8),
        x=centres[:, None],
        y=centres[:, :, None],
        pixel=np.full((1, 1, 1), 1 / size, np.float32),
    )
    expected = np.pi * 0.3**2
    disc = canvas.fill(shapes.ellipse(canvas, 0.5, 0.5, 0.3, 0.3))
    lens = canvas.fill(shapes.profile(canvas, 0.3**2 - (canvas.y - 0.5) ** 2, centre=0.5))
    for coverage in (disc, lens):
        assert coverage.mean() == pytest.approx(expected, rel=0.005)
        assert ((coverage > 0) & (coverage < 1)).sum() > 100
    # A line is as dark as it is wide, even where it is thinner than a pixel.
    for half_width in (0.002, 0.02):
        stroke = canvas.stroke(shapes.line(canvas, 0.5 + 0.3 * (canvas.x - 0.5)), half_width)
        length = np.sqrt(1 + 0.3**2)
        assert stroke.mean() == pytest.approx(2 * half_width * length, rel=0.1)
    # Windows share memory with the canvas.
    window = canvas.window(0.25, 0.5, 0.75, 1)
    window.paint(np.ones((1, 32, 32), np.float32), np.ones((1, 3, 1, 1), np.float32), label=4)
    assert canvas.colour.mean() == 0.25 and (canvas.labels == 4).mean() == 0.25


def test_soft_spots_are_gaussian():
    face = face_parameters.draw_block(0, 0)[1]
    canvas = face_layers.blank(type("Face", (), face), 32)
    canvas = dataclasses.replace(canvas, x=canvas.x[:1], y=canvas.y[:1])
    spots = [shapes.Spot(0.1, 0.4, 0.2, 0.1, 0.5, (1.0, 0.0, -1.0)), shapes.Spot(0, 0, 1, 1, 2.0)]
    red = 0.5 * np.exp(
        -0.5 * (((canvas.x - 0.1) / 0.2) ** 2 + ((canvas.y - 0.4) / 0.1) ** 2)
    ) + 2 * np.exp(-0.5 * (canvas.x**2 + canvas.y**2))
    np.testing.assert_allclose(shapes.soft_spots(canvas, spots)[:, 0], red, rtol=1e-4)


def test_portraits_show_one_person_who_is_nobody_else():
    portraits, others = faces.generate_portraits(70, 32, seed=3), faces.generate(70, 32, seed=3)
    assert set(portraits.person) == {faces.PORTRAIT}
    assert not set(portraits.person) & set(others.person)
    assert len({image.tobytes() for image in portraits.images}) == 70
    assert set(portraits.attributes["gender"]) == {"female", "male"}
    assert {name[:8] for name in faces.face_set(portraits).names} == {faces.PORTRAIT}
    # The wall behind a person belongs to the person.
    corner = (slice(None), slice(0, 4), slice(0, 4))
    of_one, of_all = (drawn.images[corner].mean(axis=(1, 2)) for drawn in (portraits, others))
    assert np.all(of_one.std(axis=0) < 0.5 * of_all.std(axis=0))


def test_more_portraits_leave_the_first_ones_as_they_are():
    few, more = (faces.generate_portraits(count, 32, seed=1) for count in (5, 70))
    np.testing.assert_array_equal(few.images, more.images[:5])


def test_hair_settles_neither_gender_nor_age(many):
    """Else a small picture, which shows hair best, would leave nothing to a memory."""
    hair = many.parts["hair"].mean(axis=(1, 2))
    female, old = column(many, "gender") > 0, many.attributes["age"] > 60
    assert abs(hair[female].mean() - hair[~female].mean()) < 0.3 * hair.std()
    colours = many.images[:, 3:6, 14:18].mean(axis=(1, 2))
    saturation = np.ptp(colours, axis=1)
    assert (saturation[old] > np.median(saturation[~old])).mean() > 0.2
