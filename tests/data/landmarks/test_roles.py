"""No face that is observed is remembered, however files hold it."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.roles import LandmarkRoles, load_roles, read
from aign_tf.data.landmarks.units import divided
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, centred, sizes
from aign_tf.posed_template import rotation_of

OWN = procedural_faces()
PEOPLE = OWN.sample(160, 1)
MIRRORED = PEOPLE[:, SCHEMES[68].mirror] * [-1, 1, 1]
FEW = SCHEMES[66].numbers
UPRIGHT = (0, 0, 0)
# The same numbers among 66 and among 68.
TOLD_BY = [0, 8, 16, 19, 24, 30, 36, 45, 48]
SAME = 1e-3


def roles(seed=0, **values):
    return load_roles(LandmarkDataConfig(**{"faces": 200, "noise": 0, **values}), seed)


def turned(faces, seed, most=(60, 25, 20)):
    """Faces from random sides, in pictures of 640 x 480 pixels."""
    angles = np.random.default_rng(seed).uniform(-1, 1, (len(faces), 3)) * most
    turn = Rotation.from_euler("YXZ", angles, degrees=True).as_matrix()
    return 20 * faces @ turn + [320, 240, 0]


def write(path, faces):
    np.save(path, faces)
    return str(path)


def save_model(path):
    np.savez(path, mean=OWN.mean, identity=OWN.identity, expression=OWN.expression)
    return str(path)


def shapes(faces):
    """Distances between landmarks: the same of a face that is moved, turned, scaled or mirrored."""
    some = np.asarray(faces, np.float64)[:, TOLD_BY]
    one, other = np.triu_indices(len(TOLD_BY), 1)
    distances = np.linalg.norm(some[:, one] - some[:, other], axis=2)
    return distances / distances.mean(axis=1, keepdims=True)


def count_shared(faces, others):
    """How many faces are among others."""
    if not len(faces) or not len(others):
        return 0
    distance, _ = cKDTree(shapes(others)).query(shapes(faces), distance_upper_bound=SAME)
    return int(np.isfinite(distance).sum())


def check_unpaired(cast):
    assert len(cast.memory)
    for split, part in cast.observed.items():
        assert count_shared(cast.memory, part.faces[part.known]) == 0, split


def lengths(cast):
    return {split: len(part) for split, part in cast.observed.items()}


def names(cast):
    return [name for part in cast.observed.values() for name in part.names]


def test_faces_are_found_again_however_they_are_turned():
    assert count_shared(turned(PEOPLE[:20], 1), turned(PEOPLE, 2) / 1000) == 20
    assert count_shared(OWN.sample(160, 2), PEOPLE) == 0


# Drawn from a linear model.


@pytest.mark.parametrize("seed", [0, 3])
def test_drawn_faces_have_one_role(seed):
    """Seed 3 as well: NumPy takes [3] and [3, 0] for one seed."""
    cast = roles(seed, faces=2000)
    assert lengths(cast) == {"train": 2000, "validation": 500, "test": 2000}
    assert len(cast.memory) == 2000
    parts = [cast.memory, *(part.faces for part in cast.observed.values())]
    for row, part in enumerate(parts):
        assert count_shared(part, np.concatenate(parts[:row] + parts[row + 1 :])) == 0


def test_other_seeds_draw_other_faces_for_the_same_test():
    one, other = roles(0), roles(1)
    np.testing.assert_array_equal(one.observed["test"].faces, other.observed["test"].faces)
    for split in ("train", "validation"):
        assert count_shared(one.observed[split].faces, other.observed[split].faces) == 0
    assert count_shared(one.memory, other.memory) == 0


def test_a_model_that_is_observed_and_remembered_is_unpaired(tmp_path):
    model = save_model(tmp_path / "model.npz")
    cast = roles(dir=model, memory_dir=model)
    assert len(cast.memory) == len(cast.observed["train"]) == 200
    check_unpaired(cast)


def test_drawn_faces_that_a_memory_holds_are_unpaired(tmp_path):
    seen = roles().observed["train"].faces[:50] * 100
    cast = roles(memory_dir=write(tmp_path / "known.npy", np.concatenate([seen, PEOPLE])))
    assert len(cast.memory) == 160
    check_unpaired(cast)


def test_real_faces_are_unpaired(ict_face68):
    cast = roles(dir=str(ict_face68))
    assert len(cast.memory) == 200
    check_unpaired(cast)


# From files.


@given(st.integers(10, 160))
@settings(max_examples=15)
def test_every_face_of_a_file_has_one_role(tmp_path_factory, count):
    path = write(tmp_path_factory.mktemp("faces") / "a.npy", turned(PEOPLE[:count], 0))
    cast = roles(dir=path)
    assert len(set(names(cast))) == len(names(cast)) == count - len(cast.memory)
    assert len(cast.memory) == pytest.approx(0.4 * count, abs=1.5)
    assert len(cast.observed["train"]) > 0
    check_unpaired(cast)


def test_a_file_of_usual_size_is_split_in_pieces(tmp_path):
    """Rows that follow each other stay together: they often show one person."""
    people = OWN.sample(800, 5)
    cast = roles(dir=write(tmp_path / "a.npy", turned(people, 0)))
    assert lengths(cast) == {"train": 300, "validation": 20, "test": 160}
    assert len(cast.memory) == 320
    for part in cast.observed.values():
        rows = np.array([int(name.split("/")[1]) for name in part.names])
        assert (np.unique(rows // 10, return_counts=True)[1] == 10).all()


@pytest.mark.parametrize("again", [PEOPLE, MIRRORED], ids=["twice", "mirrored too"])
def test_faces_that_a_file_holds_again_elsewhere_are_not_remembered(tmp_path, again):
    people = np.concatenate([PEOPLE, again[:60]])
    cast = roles(dir=write(tmp_path / "a.npy", turned(people, 0)))
    assert len(cast.memory) + len(names(cast)) < 220
    check_unpaired(cast)


COPIES = {
    "as they are": turned(PEOPLE, 0),
    "turned otherwise": turned(PEOPLE, 1),
    "turned any way": turned(PEOPLE, 2, (180, 90, 180)),
    "turned upright": PEOPLE,
    "in metres": turned(PEOPLE, 1) / 100,
    "in micrometres": turned(PEOPLE, 1) * 1e4,
    "y up": turned(PEOPLE, 1) * [1, -1, 1],
    "z towards the viewer": turned(PEOPLE, 1) * [1, 1, -1],
    "both": turned(PEOPLE, 1) * [1, -1, -1],
    "mirrored": turned(MIRRORED, 1),
    "rounded": turned(PEOPLE, 1).round(1),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("points", [68, 66])
def test_a_memory_that_holds_the_observed_faces_is_unpaired(tmp_path, copy, points):
    others = turned(OWN.sample(30, 2), 3)
    scale = np.ptp(COPIES[copy][0, :, 1]) / np.ptp(COPIES["as they are"][0, :, 1])
    signs = {"y up": [1, -1, 1], "z towards the viewer": [1, 1, -1], "both": [1, -1, -1]}
    others = others * scale * signs.get(copy, [1, 1, 1])
    known = np.concatenate([COPIES[copy], others])
    known = known[:, FEW] if points == 66 else known
    cast = roles(
        dir=write(tmp_path / "seen.npy", COPIES["as they are"]),
        memory_dir=write(tmp_path / "known.npy", known),
        points=points,
    )
    assert sum(lengths(cast).values()) == 160
    assert cast.memory.shape == (30, points, 3)
    check_unpaired(cast)


def test_with_a_memory_all_faces_are_observed(tmp_path):
    path = write(tmp_path / "known.npy", turned(OWN.sample(40, 2), 0))
    cast = roles(dir=write(tmp_path / "seen.npy", turned(PEOPLE, 0)), memory_dir=path)
    assert len(set(names(cast))) == 160 and len(cast.memory) == 40


def test_all_of_a_test_is_tested_and_not_remembered(tmp_path):
    tested = np.concatenate([turned(PEOPLE[:100], 1), turned(OWN.sample(20, 2), 1)])
    cast = roles(
        dir=write(tmp_path / "seen.npy", turned(PEOPLE, 0)),
        test_dir=write(tmp_path / "test.npy", tested),
    )
    assert cast.observed["test"].names.tolist() == [f"test/{row:05d}" for row in range(120)]
    assert len(cast.memory) == 24  # Half of the rest, of which a fifth is held out all the same.
    check_unpaired(cast)


def test_a_test_for_drawn_faces(tmp_path):
    cast = roles(test_dir=write(tmp_path / "test.npy", turned(PEOPLE, 0)))
    assert lengths(cast) == {"train": 200, "validation": 500, "test": 160}
    cast = roles(
        dir=write(tmp_path / "seen.npy", turned(PEOPLE, 0)),
        test_dir=save_model(tmp_path / "model.npz"),
    )
    np.testing.assert_array_equal(cast.observed["test"].faces, roles().observed["test"].faces)


def test_points_without_depths_and_another_memory(tmp_path):
    cast = roles(
        dir=write(tmp_path / "seen.npy", turned(PEOPLE, 0)[..., :2]),
        memory_dir=write(tmp_path / "known.npy", OWN.sample(40, 2)),
    )
    assert sum(lengths(cast).values()) == 160 and len(cast.memory) == 40
    assert not cast.observed["train"].known.any()


# The memory.


@pytest.mark.parametrize("points", [66, 68])
def test_remembered_faces_look_at_the_camera(tmp_path, points):
    known = turned(OWN.sample(40, 2), 0, (180, 60, 90))
    drawn = roles(points=points)
    loaded = roles(memory_dir=write(tmp_path / "known.npy", known), points=points)
    for cast in (drawn, loaded):
        assert cast.memory.dtype == np.float32 and cast.scheme is SCHEMES[points]
        np.testing.assert_allclose(cast.memory.mean(axis=1), 0, atol=1e-6)
        np.testing.assert_allclose(sizes(cast.memory), 1, rtol=1e-5)
        turn = Rotation.from_matrix(rotation_of(cast.memory, OWN.mean[list(cast.scheme.numbers)]))
        assert np.degrees(turn.magnitude()).max() < 10
        np.testing.assert_allclose(cast.template, cast.memory.mean(axis=0))
    assert count_shared(loaded.memory, OWN.sample(40, 2)) == 40


def test_the_template_is_the_mean_face():
    memory = np.random.default_rng(0).normal(size=(2, 68, 3)).astype(np.float32)
    cast = LandmarkRoles({}, memory, SCHEMES[68])
    np.testing.assert_allclose(cast.template, (memory[0] + memory[1]) / 2, atol=1e-6)


# One file.


@pytest.mark.parametrize("normalize", ["picture", "similarity"])
def test_a_file_is_read_in_shares_that_can_be_undone(tmp_path, normalize):
    faces = turned(PEOPLE[:9], 0)
    config = LandmarkDataConfig(normalize=normalize, picture="640 480")
    stored, sides = read(write(tmp_path / "a.npy", faces), config)
    seen = divided(stored, sides)
    assert seen.points.min() > 0 and seen.points.max() < 1
    np.testing.assert_allclose(seen.points * sides[:2], faces[..., :2], rtol=1e-5)
    np.testing.assert_allclose(seen.depth * sides[2], centred(faces[..., 2]), atol=1e-4)


def test_66_of_68_landmarks_have_depths_about_their_own_mean(tmp_path):
    faces = turned(PEOPLE[:9], 0)
    seen, _ = read(write(tmp_path / "a.npy", faces), LandmarkDataConfig(points=66))
    assert seen.depth.dtype == np.float32
    np.testing.assert_allclose(seen.depth, centred(faces[:, FEW, 2]), atol=1e-4)


def test_a_test_changes_nothing_else(tmp_path):
    path = write(tmp_path / "seen.npy", turned(PEOPLE, 0))
    trained = roles(dir=path)
    tested = roles(dir=path, test_dir=write(tmp_path / "new.npy", turned(OWN.sample(20, 9), 1)))
    for split in ("train", "validation"):
        np.testing.assert_array_equal(tested.observed[split].faces, trained.observed[split].faces)
    np.testing.assert_array_equal(tested.memory, trained.memory)


def test_pictures_that_are_not_square_leave_the_memory_in_shape(tmp_path):
    seen = write(tmp_path / "seen.npy", turned(PEOPLE, 0))
    values = {"dir": seen, "memory_dir": write(tmp_path / "all.npy", turned(PEOPLE, 3))}
    with pytest.raises(UserError, match="no face is left to remember"):
        roles(**values, normalize="picture", picture="640 480")
    others = write(tmp_path / "others.npy", turned(OWN.sample(50, 9), 1))
    square = roles(dir=seen, memory_dir=others)
    squeezed = roles(dir=seen, memory_dir=others, normalize="picture", picture="640 480")
    np.testing.assert_array_equal(squeezed.memory, square.memory)


def test_copies_rounded_to_whole_pixels_are_not_remembered(tmp_path):
    faces = turned(PEOPLE, 0)
    copies = np.concatenate([faces.round(), turned(OWN.sample(30, 9), 1).round()])
    cast = roles(dir=write(tmp_path / "a.npy", faces), memory_dir=write(tmp_path / "b.npy", copies))
    assert len(cast.memory) == 30


# Mistakes.


def _fails(message, **values):
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        roles(**values)


def test_a_memory_needs_depths(tmp_path):
    flat = write(tmp_path / "flat.npy", turned(PEOPLE, 0)[..., :2])
    message = f"{flat}: no depths: a memory is made of 3D faces (data.memory_dir)"
    _fails(message, dir=flat)
    _fails(message, memory_dir=flat)


def test_nobody_is_left_to_remember(tmp_path):
    seen = write(tmp_path / "seen.npy", turned(PEOPLE, 0))
    message = "no face is left to remember: all of {} are observed: give others as data.memory_dir"
    _fails(message.format(seen), dir=seen, memory_dir=seen)
    again = write(tmp_path / "again.npy", turned(PEOPLE, 1))
    _fails(message.format(again), dir=seen, memory_dir=again)
    _fails(message.format(seen), dir=seen, test_dir=again)


def test_too_few_landmarks(tmp_path):
    few = write(tmp_path / "few.npy", turned(PEOPLE, 0)[:, FEW])
    message = f"{few}: 66 landmarks a face where 68 are used: train with --set=data.points=66"
    _fails(message, dir=few)
    seen = write(tmp_path / "seen.npy", turned(PEOPLE, 0))
    for role in ("memory_dir", "test_dir"):
        _fails(message, dir=seen, **{role: few})


def test_files_that_are_not_there(tmp_path):
    gone = str(tmp_path / "gone.npy")
    _fails(f"{gone}: no such file or folder", dir=gone)
    seen = write(tmp_path / "seen.npy", turned(PEOPLE, 0))
    for role in ("memory_dir", "test_dir"):
        _fails(f"{gone}: no such file or folder", dir=seen, **{role: gone})
