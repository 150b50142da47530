"""Depths for landmarks in every kind of file, written as files that can be opened."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf.config import override
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

FacesDepth = tasks.load("faces_depth")


def faces_depth(preset="smoke", **values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    tiny = {"train.precision": "float32", "data.faces": 40, "network.width": 16}
    return FacesDepth(FacesDepth.configure(preset, {**tiny, **given}))


@pytest.fixture(scope="module")
def task():
    return faces_depth()


@pytest.fixture(scope="module")
def generator(task):
    """With weights in its last layer too: a fresh one makes flat faces."""
    keras.utils.set_random_seed(0)
    network, draw = task.generator(), np.random.default_rng(0)
    network.set_weights([w + draw.normal(0, 0.2, w.shape) for w in network.get_weights()])
    return network


def predict(task, generator, source, output, **options):
    return task.predict(generator, source, output, override(FacesDepth.Prediction(), options))


@pytest.fixture(scope="module")
def pixels(task):
    """Three faces `[3, 68, 2]` in pictures of 450 x 450."""
    return 450 * task.held_out(3)["points"]


def arrays_of(path):
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def check_files(written, pixels, names):
    """The files agree with each other and with the pixels; returns the depths."""
    found = arrays_of(written[0])
    points, faces, depth = found["points"], found["faces"], found["depth"]
    np.testing.assert_allclose(points, pixels, atol=0.01)
    np.testing.assert_allclose(faces[..., :2], points, rtol=1e-6)
    np.testing.assert_array_equal(faces[..., 2], depth)
    np.testing.assert_allclose(depth.mean(axis=1), 0, atol=0.01)
    assert np.all(depth.std(axis=1) > 1)
    assert found["names"].tolist() == names
    shown = [f"{name}.{suffix}" for name in names for suffix in ("obj", "png")]
    assert written[1:] == [written[0].parent / file for file in shown]
    for face, solid, picture in zip(faces, written[1::2], written[2::2]):
        lines = [line.split() for line in solid.read_text().splitlines()]
        vertices = np.array([line[1:] for line in lines if line[0] == "v"], np.float32)
        np.testing.assert_allclose(vertices * [1, -1, -1], face, rtol=1e-5)
        assert Image.open(picture).size == (6 * 256, 256)
    return depth


def json_of(face):
    return {"landmarks": face.tolist()}


def pts_of(face):
    lines = [f"{x:.6f} {y:.6f}" for x, y in face]
    return "\n".join(["version: 1", "n_points: 68", "{", *lines, "}"])


@pytest.fixture(scope="module")
def expected(task, generator, pixels, tmp_path_factory):
    """Depths of the same faces from an array, to compare those of other files with."""
    folder = tmp_path_factory.mktemp("array")
    np.save(folder / "people.npy", pixels)
    written = predict(task, generator, folder / "people.npy", folder / "out")
    assert written[0] == folder / "out" / "people.npz"
    return check_files(written, pixels, [f"people/{row:05d}" for row in range(3)])


# Files.


@pytest.mark.parametrize("kind", ["(N, 2, 68)", "npz", "two arrays", "3D", "y up", "json"])
def test_a_file_of_several_faces(task, generator, pixels, expected, tmp_path, kind):
    source = tmp_path / "people.npz"
    names = [f"people/{row:05d}" for row in range(3)]
    if kind == "(N, 2, 68)":
        source = tmp_path / "people.npy"
        np.save(source, pixels.swapaxes(1, 2))
    elif kind == "npz":
        np.savez(source, seen=pixels, ages=np.arange(3))
    elif kind == "two arrays":
        np.savez(source, a=pixels[:2], b=pixels[2:])
        names = ["people/a/00000", "people/a/00001", "people/b"]
    elif kind == "3D":  # Depths that are there already are not looked at.
        noise = np.random.default_rng(0).normal(0, 30, (3, 68, 1))
        np.savez(source, seen=np.concatenate([pixels, noise], axis=2))
    elif kind == "y up":
        low, high = pixels[..., 1].min(), pixels[..., 1].max()
        np.savez(source, seen=pixels * [1, -1] + [0, low + high])
    else:
        source = tmp_path / "people.json"
        source.write_text(json.dumps({"faces": [json_of(face) for face in pixels]}))
    written = predict(task, generator, source, tmp_path / "out")
    depth = check_files(written, pixels, names)
    np.testing.assert_allclose(depth, expected, atol=0.01 * expected.std())


@pytest.mark.parametrize("suffix", ["pts", "json", "npy", "npz"])
def test_a_file_of_one_face(task, generator, pixels, expected, tmp_path, suffix):
    source = tmp_path / f"anna.{suffix}"
    if suffix == "pts":
        source.write_text(pts_of(pixels[0]))
    elif suffix == "json":
        source.write_text(json.dumps(json_of(pixels[0])))
    elif suffix == "npy":
        np.save(source, pixels[0])
    else:
        np.savez(source, pixels[0].T)
    written = predict(task, generator, source, tmp_path / "out")
    assert [path.name for path in written] == ["anna.npz", "anna.obj", "anna.png"]
    depth = check_files(written, pixels[:1], ["anna"])
    np.testing.assert_allclose(depth, expected[:1], atol=0.01 * expected.std())


def test_a_folder_and_what_is_below_it(task, generator, pixels, expected, tmp_path, monkeypatch):
    source = tmp_path / "people"
    (source / "more").mkdir(parents=True)
    (source / "anna.pts").write_text(pts_of(pixels[0]))
    (source / "bob.json").write_text(json.dumps(json_of(pixels[1])))
    (source / "more" / "carl.pts").write_text(pts_of(pixels[2]))
    (source / "notes.txt").write_text("not landmarks")
    written = predict(task, generator, source, tmp_path / "out")
    assert written[0] == tmp_path / "out" / "people.npz"
    order = {name: row for row, name in enumerate(arrays_of(written[0])["names"].tolist())}
    assert sorted(order) == ["anna", "bob", "more/carl"]
    rows = np.argsort([order["anna"], order["bob"], order["more/carl"]])
    depth = check_files(written, pixels[rows], list(order))
    np.testing.assert_allclose(depth, expected[rows], atol=0.01 * expected.std())
    monkeypatch.chdir(source)
    again = predict(task, generator, type(source)("."), tmp_path / "again")
    assert [path.name for path in again] == [path.name for path in written]


def test_only_the_first_faces_are_shown(task, generator, pixels, tmp_path):
    np.save(tmp_path / "people.npy", np.concatenate([pixels] * 10))
    for options, shown in (({"most": 1}, 1), ({"most": 0}, 0), ({}, 20)):
        written = predict(task, generator, tmp_path / "people.npy", tmp_path / "out", **options)
        assert len(arrays_of(written[0])["depth"]) == 30
        assert len(written) == 1 + 2 * shown


# Units.


def depth_of(task, generator, points, folder, **options):
    np.save(folder / "people.npy", points.astype(np.float32))
    (path,) = predict(task, generator, folder / "people.npy", folder / "out", most=0, **options)
    found = arrays_of(path)
    np.testing.assert_allclose(found["points"], points, rtol=1e-5)
    return found["depth"]


@pytest.mark.parametrize("scale", [1 / 450, 1 / 1000, 2, 10])
def test_depths_are_in_the_unit_of_the_points(task, generator, pixels, expected, tmp_path, scale):
    """Shares in, shares out, and pixels of pictures of any size."""
    depth = depth_of(task, generator, scale * pixels, tmp_path)
    np.testing.assert_allclose(depth, scale * expected, atol=0.01 * scale * expected.std())


@pytest.mark.parametrize("settings", [{}, {"data__picture": "450 300"}])
def test_a_picture_that_moves_or_is_told_changes_no_depth(
    generator, pixels, expected, tmp_path, settings
):
    depth = depth_of(faces_depth(**settings), generator, pixels + np.float32([100, -20]), tmp_path)
    np.testing.assert_allclose(depth, expected, atol=0.01 * expected.std())


@pytest.mark.parametrize(
    ("setting", "option"), [("900 450", ""), ("", "900 450"), ("77 77", "900 450")]
)
def test_a_picture_that_is_not_square_gives_points_back_in_its_pixels(
    generator, pixels, tmp_path, setting, option
):
    """The one that is told for a prediction wins over that of the training."""
    task = faces_depth(data__normalize="picture", data__picture=setting)
    depth = depth_of(task, generator, pixels * [2, 1], tmp_path, picture=option)
    # x by 900, y by 450: what the network saw, and depths times the mean of the two.
    seen = generator.predict({"points": pixels / 450}, verbose=0)["face"][..., 2]
    np.testing.assert_allclose(depth, 675 * seen, atol=0.01 * depth.std())


def test_a_run_of_66_landmarks_takes_68_too(pixels, tmp_path):
    task, rows = faces_depth(data__points=66), list(SCHEMES[66].numbers)
    generator = task.generator()
    np.savez(tmp_path / "people.npz", seen=pixels)
    written = predict(task, generator, tmp_path / "people.npz", tmp_path / "out", most=1)
    found = arrays_of(written[0])
    np.testing.assert_allclose(found["points"], pixels[:, rows], atol=0.01)
    assert found["faces"].shape == (3, 66, 3)


def test_the_network_of_the_comparison_predicts(pixels, tmp_path):
    task = faces_depth("paper", data__points=66)
    np.save(tmp_path / "people.npy", pixels[:2])
    source, told = tmp_path / "people.npy", {"most": 1, "picture": "450 450"}
    written = predict(task, task.generator(), source, tmp_path / "out", **told)
    found = arrays_of(written[0])
    assert found["depth"].shape == (2, 66) and np.isfinite(found["faces"]).all()


# Mistakes.


def few(pixels):
    return pixels[:, list(SCHEMES[66].numbers)]


def refused(task, generator, source, folder):
    """The message, without the folder; nothing was written."""
    with pytest.raises(UserError) as error:
        predict(task, generator, source, folder / "out")
    assert "\n" not in str(error.value) and not (folder / "out").exists()
    return str(error.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (None, "in.npz: no such file or folder"),
        (
            {"seen": few},
            "in.npz: 66 landmarks a face where 68 are used: train with --set=data.points=66",
        ),
        ({"seen": lambda pixels: pixels[:, :60]}, "in.npz: no array of landmarks in seen (3, 60,"),
        ({"seen": lambda pixels: pixels * np.nan}, "in.npz: face in/00000 has a coordinate that"),
        ({"seen": lambda pixels: 0 * pixels}, "in.npz: face in/00000 has all its landmarks in one"),
        ({"seen": lambda pixels: pixels[:0]}, "in.npz: holds no faces"),
        ({"seen": lambda pixels: pixels * [-1, 1]}, "in.npz: landmark 0, the right ear, is on"),
        (
            {"mean": lambda _: procedural_faces().mean, "identity": lambda _: np.ones((2, 68, 3))},
            "in.npz: a linear model of faces, not landmarks: give it alone, as --data_dir or",
        ),
    ],
)
def test_files_that_cannot_be_used(task, generator, pixels, tmp_path, arrays, message):
    source = tmp_path / "in.npz"
    if arrays:
        np.savez(source, **{name: make(pixels) for name, make in arrays.items()})
    assert refused(task, generator, source, tmp_path).startswith(message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("in.txt", "0 0", "in.txt: not a file of landmarks: expected one of .npy, .npz, .pts"),
        ("in.pts", "0 0", "in.pts: not a .pts file: it has no points in braces"),
        ("in.json", "[[0, 0], [1, 1]]", "in.json: shape (2, 2): expected 68 landmarks"),
        ("in.json", "{", "in.json, line 1: not JSON"),
        ("in.npy", "0 0", "in.npy: not a .npy or .npz file as NumPy writes them"),
    ],
)
def test_texts_that_cannot_be_used(task, generator, tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    assert refused(task, generator, tmp_path / name, tmp_path).startswith(message)


def test_an_empty_folder(task, generator, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing")
    message = "in: holds no landmarks: expected files of .npy, .npz, .pts, .json"
    assert refused(task, generator, tmp_path / "in", tmp_path) == message


def test_pictures_are_told_as_two_numbers(generator, pixels, tmp_path):
    np.save(tmp_path / "in.npy", pixels)
    message = refused(faces_depth(data__picture="450"), generator, tmp_path / "in.npy", tmp_path)
    assert message == "picture=450: expected width and height, as in 450 450"
