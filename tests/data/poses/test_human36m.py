import h5py
import numpy as np
import pytest

from aign_tf.data.poses import human36m
from aign_tf.data.poses.human36m_camera import CAMERAS, read_views
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS
from tests.data.poses.tiny_human36m import (
    AS_17,
    FRAMES,
    MOVING,
    TinyHuman36M,
    detected_file,
    project,
    true_file,
    write,
    write_cameras,
)

FOUND = sorted(joint for joint in AS_17 if joint is not None)
NEVER_FOUND = [7, 9]


@pytest.fixture
def copy(tmp_path):
    return TinyHuman36M(tmp_path)


def test_true_keypoints_are_the_projection_of_the_truth_in_every_camera(copy):
    recordings = human36m.read_recordings(copy.folder, ["S11", "S9"], "gt")
    assert [(r.subject, r.sequence, r.camera) for r in recordings] == [
        (subject, sequence, camera)
        for subject in ("S11", "S9")
        for sequence in ("Walking", "Walking 1")
        for camera in CAMERAS
    ]
    for recording in recordings:
        assert recording.action == "Walking"
        assert recording.truth.shape == (3, 17, 3)
        assert recording.truth.dtype == recording.joints.dtype == np.float32
        np.testing.assert_allclose(recording.truth, copy.truth(recording), atol=1e-5)
        np.testing.assert_array_equal(
            recording.joints, recording.truth[..., :2] / recording.truth[..., 2:]
        )
        assert recording.confidence.dtype == np.float32
        assert recording.confidence.tolist() == np.ones((3, 17)).tolist()


def test_detections_are_undistorted_and_put_in_our_order(copy):
    recordings = human36m.read_recordings(copy.folder, ["S9"], "detected")
    assert len(recordings) == 8
    for recording in recordings:
        truth = copy.truth(recording)
        np.testing.assert_allclose(recording.truth, truth, atol=1e-5)
        expected = (truth[..., :2] / truth[..., 2:])[:, FOUND]
        np.testing.assert_allclose(recording.joints[:, FOUND], expected, atol=1e-6)
        assert (recording.confidence[:, FOUND] == 1).all()
        assert not recording.confidence[:, NEVER_FOUND].any()
        assert not recording.joints[:, NEVER_FOUND].any()


def test_undistortion_is_exact_to_the_corners_of_the_picture(copy):
    view = read_views(copy.folder / "cameras.h5", "S9")[CAMERAS[0]]
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 7), np.linspace(-0.45, 0.45, 7))
    points = np.stack([x, y, np.ones_like(x)], axis=-1)
    pixels = project(points, copy.cameras[9, 1])
    assert pixels.min() < 40 and pixels.max() > 960
    np.testing.assert_allclose(view.from_pixels(pixels), points[..., :2], atol=1e-7)


def test_a_detection_that_is_not_a_number_is_a_missing_joint(copy):
    with h5py.File(detected_file(copy.folder, 9, "Walking", CAMERAS[1]), "a") as file:
        file["poses"][5, 0] = np.nan
    recording = human36m.read_recordings(copy.folder, ["S9"], "detected")[1]
    assert (recording.sequence, recording.camera) == ("Walking", CAMERAS[1])
    right_foot = 3
    assert recording.confidence[:, right_foot].tolist() == [1, 0, 1]
    assert recording.joints[1, right_foot].tolist() == [0, 0]
    assert np.isfinite(recording.joints).all()


def test_memory_is_upright_and_keeps_left_and_right(copy):
    clips = human36m.read_memory(copy.folder, ["S9", "S11"], step=2)
    assert [clip.name for clip in clips] == [
        "S9/Walking",
        "S9/Walking 1",
        "S11/Walking",
        "S11/Walking 1",
    ]
    world = copy.world[11, "Walking"][::2, MOVING] / 1000
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(clips[2].joints, world @ turn.T, atol=1e-6)
    assert clips[2].joints.dtype == np.float32
    assert clips[2].skeleton is SKELETONS["h36m17"]


@pytest.mark.parametrize("keypoints", ["gt", "detected"])
def test_the_frame_step_is_free(copy, keypoints):
    every = human36m.read_recordings(copy.folder, ["S9"], keypoints, step=1)
    some = human36m.read_recordings(copy.folder, ["S9"], keypoints, step=3)
    for all_frames, few in zip(every, some):
        assert len(all_frames.truth) == FRAMES
        np.testing.assert_array_equal(all_frames.truth[::3], few.truth)
        np.testing.assert_array_equal(all_frames.joints[::3], few.joints)


def test_one_sequence_may_have_different_names(copy):
    rng = np.random.default_rng(1)
    copy.add(9, "Photo 1", "TakingPhoto_1", rng)
    copy.add(9, "TakingPhoto", "Photo", rng)
    copy.add(9, "WalkingDog 2", "WalkDog_2", rng)
    recordings = human36m.read_recordings(copy.folder, ["S9"], "detected")
    names = sorted({(recording.action, recording.sequence) for recording in recordings})
    assert names == [
        ("Photo", "Photo"),
        ("Photo", "Photo 1"),
        ("WalkDog", "WalkDog 2"),
        ("Walking", "Walking"),
        ("Walking", "Walking 1"),
    ]
    assert len(recordings) == 20


@pytest.mark.parametrize("true_frames, detected_frames", [(FRAMES, 6), (4, FRAMES)])
def test_sequences_of_unequal_length_are_cut_to_the_shorter(copy, true_frames, detected_frames):
    for name in CAMERAS:
        with h5py.File(detected_file(copy.folder, 9, "Walking", name), "a") as file:
            poses = file["poses"][:detected_frames]
            del file["poses"]
            file["poses"] = poses
    world = copy.world[9, "Walking"][:true_frames].reshape(-1, 96).T
    write(true_file(copy.folder, 9, "Walking"), "3D_positions", world)
    recording = human36m.read_recordings(copy.folder, ["S9"], "detected")[0]
    frames = len(range(0, min(true_frames, detected_frames), 5))
    assert len(recording.joints) == len(recording.confidence) == len(recording.truth) == frames
    np.testing.assert_allclose(recording.truth, copy.truth(recording)[:frames], atol=1e-5)


def test_missing_and_unreadable_parts_are_named_and_left_out(copy, caplog):
    detected_file(copy.folder, 9, "Walking", CAMERAS[0]).unlink()
    detected_file(copy.folder, 9, "Walking", CAMERAS[1]).write_bytes(b"cut off")
    true_file(copy.folder, 9, "Walking 1").unlink()
    del copy.cameras[9, 4]
    write_cameras(copy.folder, copy.cameras)
    recordings = human36m.read_recordings(copy.folder, ["S9"], "detected")
    assert [(r.sequence, r.camera) for r in recordings] == [("Walking", CAMERAS[2])]
    # One camera, fourteen actions, one take of walking and two videos.
    assert len(caplog.records) == 1
    start, parts = caplog.messages[0].split(" parts missing or unreadable, left out: ")
    assert start == f"{copy.folder}: 18" and len(parts.split(", ")) == 18
    for part in ("camera 60457274", "Eating (0 of 2)", "Walking (1 of 2)"):
        assert f"S9/{part}" in parts
    assert f"S9/StackedHourglass/Walking.{CAMERAS[1]}" in parts


def test_nothing_is_said_of_a_complete_copy_and_the_damaged_video_is_left_out(copy, caplog):
    rng = np.random.default_rng(1)
    actions = "Directions Discussion Eating Greeting Phoning Photo Posing Purchases Sitting"
    actions += " SittingDown Smoking Waiting WalkDog WalkTogether"
    for action in actions.split():
        copy.add(11, action, action, rng)
        copy.add(11, f"{action} 1", f"{action}_1", rng)
    detected = human36m.read_recordings(copy.folder, ["S11"], "detected")
    true = human36m.read_recordings(copy.folder, ["S11"], "gt")
    assert caplog.messages == []
    keys = [(r.sequence, r.camera) for r in detected]
    assert len(true) == 120
    assert set((r.sequence, r.camera) for r in true) - set(keys) == {("Directions", "54138969")}
    assert len(keys) == len(set(keys)) == 119


def test_one_unreadable_motion_is_named(copy, caplog):
    true_file(copy.folder, 9, "Walking").write_bytes(b"cut off")
    assert [clip.name for clip in human36m.read_memory(copy.folder, ["S9"])] == ["S9/Walking 1"]
    assert "15 parts missing" in caplog.text


def test_folders_in_this_layout_are_recognised(copy, tmp_path):
    assert human36m.is_human36m(str(copy.folder))
    assert not human36m.is_human36m(copy.folder / "S9")
    assert not human36m.is_human36m(tmp_path / "nowhere")


def test_a_picture_is_1000_pixels_at_a_focal_length_of_1145():
    assert abs(human36m.IMAGE_SIZE_NORMALISED * 1145 - 1000) < 1e-9


LAYOUT = "expected the layout of 3d-pose-baseline: cameras.h5, S9/MyPoses/3D_positions/Walking 1.h5"


def test_another_folder_is_refused(tmp_path):
    message = f"^{tmp_path} has no cameras.h5: {LAYOUT}"
    with pytest.raises(UserError, match=message):
        human36m.read_recordings(tmp_path, ["S9"], "gt")
    with pytest.raises(UserError, match=message):
        human36m.read_memory(tmp_path, ["S9"])


def test_unknown_subjects_are_refused_by_name(copy, tmp_path):
    (tmp_path / "S9_old").mkdir()
    with pytest.raises(UserError, match=r"nothing to read of S2, S3, there are: S9, S11; expected"):
        human36m.read_recordings(copy.folder, ["S2", "S3"], "gt")


def test_a_subject_that_is_missing_is_named_and_left_out(copy, caplog):
    recordings = human36m.read_recordings(copy.folder, ["S2", "S9"], "gt")
    assert {recording.subject for recording in recordings} == {"S9"}
    assert "left out: all of S2, S9/" in caplog.text


def test_unknown_keypoints_are_refused(copy):
    with pytest.raises(UserError, match=r"^no keypoints 'seen': use one of gt, detected$"):
        human36m.read_recordings(copy.folder, ["S9"], "seen")


def test_a_subject_without_anything_is_refused(copy):
    (copy.folder / "S1").mkdir()
    for name in CAMERAS:
        for sequence in ("Walking", "Walking_1"):
            detected_file(copy.folder, 9, sequence, name).unlink()
    with pytest.raises(UserError, match=f"has nothing to read of S1, .*{LAYOUT}"):
        human36m.read_memory(copy.folder, ["S1"])
    with pytest.raises(UserError, match=f"has nothing to read of S9, .*{LAYOUT}"):
        human36m.read_recordings(copy.folder, ["S9"], "detected")


def test_files_of_another_shape_are_refused(copy):
    file = true_file(copy.folder, 9, "Walking")
    write(file, "3D_positions", np.zeros((FRAMES, 96)))
    message = r"Walking.h5: 3D_positions has shape \(11, 96\); expected \(96, frames\)$"
    with pytest.raises(UserError, match=message):
        human36m.read_memory(copy.folder, ["S9"])
    write(detected_file(copy.folder, 11, "Walking", CAMERAS[0]), "poses", np.zeros((4, 32)))
    message = r"54138969.h5: poses has shape \(4, 32\); expected \(frames, 16, 2\)$"
    with pytest.raises(UserError, match=message):
        human36m.read_recordings(copy.folder, ["S11"], "detected")


def test_cameras_that_lack_a_parameter_are_refused(copy):
    message = r"cameras.h5: .*; expected the groups subjectN/cameraM with R, T, f, c, k, p and Name"
    del copy.cameras[9, 2]["k"]
    write_cameras(copy.folder, copy.cameras)
    with pytest.raises(UserError, match=message):
        human36m.read_recordings(copy.folder, ["S9"], "gt")
    (copy.folder / "cameras.h5").write_bytes(b"no HDF5")
    with pytest.raises(UserError, match=message):
        human36m.read_recordings(copy.folder, ["S9"], "gt")
