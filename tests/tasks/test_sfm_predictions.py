"""Depths and paths for whatever shows a video, written as files that can be opened."""

import dataclasses

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf.config import override
from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.loading import load
from aign_tf.data.sequences.prepare import write_sequence
from aign_tf.errors import UserError
from aign_tf.metrics.trajectory import chain
from aign_tf.video_prediction import predict_video
from tests.data.sequences.textured_sphere import sphere_sequence

Sfm = tasks.load("sfm")
FILES = ["cloud.ply", "depth", "depth_colour", "side_by_side.mp4", "trajectory.png"]
FILES += ["trajectory.txt"]


@pytest.fixture(scope="module")
def task():
    """As it is after a training, but that predictions need none of its data."""
    values = {"train.precision": "float32", "data.camera": "40 40 23.5 15.5"}
    return Sfm(Sfm.configure("smoke", values))


@pytest.fixture(scope="module")
def generator(task):
    keras.utils.set_random_seed(0)
    return task.generator()


def write_video(path, frames, fps=12.5):
    size = frames.shape[2], frames.shape[1]
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def write_pictures(folder, frames):
    folder.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number}.jpg")
    return folder


def predict(task, generator, source, output, **options):
    return task.predict(generator, source, output, override(Sfm.Prediction(), options))


def check_files(written, folder, count, size, seconds):
    """All files of one recording are there and agree; returns its path's positions."""
    assert sorted(path.name for path in written) == FILES
    assert all(path.exists() and path.parent == folder for path in written)
    for name in ("depth", "depth_colour"):
        pictures = sorted((folder / name).iterdir())
        assert len(pictures) == count
        assert {Image.open(picture).size for picture in pictures} == {size}
    assert np.asarray(Image.open(folder / "depth" / "000000.png")).min() > 0
    rows = np.loadtxt(folder / "trajectory.txt", ndmin=2)
    np.testing.assert_allclose(rows[:, 0], seconds * np.arange(count), atol=1e-5)
    return rows[:, 1:4]


def test_a_video_file_is_predicted(task, generator, tmp_path, caplog):
    source = write_video(tmp_path / "walk.mp4", sphere_sequence(7).frames)
    written = predict(task, generator, source, tmp_path / "out")
    check_files(written, tmp_path / "out" / "walk", 7, (64, 48), 1 / 12.5)
    # Pictures of 48 x 32 in training.
    assert '--set=intrinsics="53.3 53.3 31.5 23.5"' in caplog.text


def test_a_folder_of_pictures_is_predicted(task, generator, tmp_path):
    source = write_pictures(tmp_path / "walk", sphere_sequence(7).frames)
    written = predict(task, generator, source, tmp_path / "out", fps=10, stride=3)
    check_files(written, tmp_path / "out" / "walk", 3, (64, 48), 3 / 10)


def test_frames_are_as_far_apart_as_in_training(task, generator, tmp_path):
    source = write_pictures(tmp_path / "walk", sphere_sequence(6).frames)
    apart = type(task)(override(task.config, {"data.stride": 2}))
    written = predict(apart, generator, source, tmp_path / "out")
    check_files(written, tmp_path / "out" / "walk", 3, (64, 48), 2 / 25)


@pytest.mark.parametrize("intrinsics", ["", "90 70 31 23"])
def test_recordings_are_predicted_with_their_own_camera(task, generator, tmp_path, intrinsics):
    source = tmp_path / "walks"
    for name, count in (("a", 5), ("b", 4)):
        write_sequence(sphere_sequence(count), source / name)
    written = predict(task, generator, source, tmp_path / "out", intrinsics=intrinsics)
    assert len(written) == 12
    for footage, count, files in zip(list_footage(source), (5, 4), (written[:6], written[6:])):
        found = check_files(files, tmp_path / "out" / footage.name, count, (64, 48), 1 / 25)
        if intrinsics:
            focal, centre = np.split(np.array(intrinsics.split(), float), 2)
            footage = dataclasses.replace(footage, focal=focal, principal_point=centre)
        video = predict_video(generator, load(footage, 32, 48))
        expected = chain(video.rotation, video.translation)[:, :3, 3]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        nearest = np.asarray(Image.open(files[0] / "000000.png")).min() / 1000
        assert nearest == pytest.approx(video.depth[0].min(), rel=0.05)


def test_a_single_picture_is_predicted(task, generator, tmp_path):
    source = write_pictures(tmp_path / "still", sphere_sequence(1).frames)
    written = predict(task, generator, source, tmp_path / "out")
    check_files(written, tmp_path / "out" / "still", 1, (64, 48), 1 / 25)


def test_sources_and_intrinsics_that_are_none(task, generator, tmp_path):
    with pytest.raises(UserError, match=r"absent\.mp4: no such file or folder"):
        predict(task, generator, tmp_path / "absent.mp4", tmp_path / "out")
    source = write_pictures(tmp_path / "walk", sphere_sequence(2).frames)
    with pytest.raises(UserError, match=r"^intrinsics=1 2: expected fx fy cx cy in pixels"):
        predict(task, generator, source, tmp_path / "out", intrinsics="1 2")
    assert not (tmp_path / "out").exists()
