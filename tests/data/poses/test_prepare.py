import numpy as np
import pytest

from aign_tf.data.pose_config import PoseFileConfig
from aign_tf.data.poses import human36m
from aign_tf.data.poses.bvh_writer import write_bvh
from aign_tf.data.poses.files import holds_keypoints
from aign_tf.data.poses.human36m_camera import CAMERAS
from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.data.poses.normalize import observed
from aign_tf.data.poses.prepare import check_poses, prepare_poses
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS
from tests.data.poses import tiny_human36m
from tests.data.poses.standing import H36M, body

MATRIX = np.array([[1100.0, 0, 320], [0, 1000, 240], [0, 0, 1]])
Y_UP = (1, -1, -1)


def _motion(frames=3):
    return np.float32(body() + np.arange(frames)[:, None, None] * [0.1, 0, 0.3])


def _pixels(frames=3, joints=17, seed=0):
    """x, y and confidence."""
    rng = np.random.default_rng(seed)
    shape = (frames, joints, 1)
    points = np.concatenate([rng.uniform(0, side, shape) for side in (640, 480)], axis=-1)
    return np.concatenate([points, rng.uniform(0.1, 1, shape)], axis=-1)


def _prepare(source, output, **options):
    return prepare_poses(str(source), str(output), PoseFileConfig(**options))


def _assert_same_clips(one, two):
    assert [clip.name for clip in one] == [clip.name for clip in two]
    for first, second in zip(one, two):
        np.testing.assert_array_equal(first.joints, second.joints)


# 3D motions.


def test_motions_come_back_as_they_were_read(tmp_path):
    folder, output = tmp_path / "in", tmp_path / "new" / "out.npz"
    folder.mkdir()
    write_bvh(folder / "file.bvh", _motion(), H36M, fps=25)
    np.savez(folder / "mm.npz", **{"test/walk/1": 1000 * _motion(5) * Y_UP})
    message = _prepare(folder, output)
    assert message == f"wrote 2 clips, 8 frames of 3D motions to {output}"
    clips = read_mocap(output)
    _assert_same_clips(clips, read_mocap(folder))
    assert [clip.name for clip in clips] == ["file", "mm/test/walk/1"]
    assert not holds_keypoints(output)
    with np.load(output) as stored:
        assert stored["mm/test/walk/1"].shape == (5, 17, 3)


def test_options_say_how_motions_are_read(tmp_path):
    """Somebody who lies looks as if another axis were up."""
    lying = _motion() @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    np.save(tmp_path / "lie.npy", 50 * lying * Y_UP)
    output = tmp_path / "out.npz"
    message = _prepare(tmp_path / "lie.npy", output, up="y", scale="0.02")
    assert message.endswith(f"{output}; read it with --set=data.up=-y")
    (clip,) = read_mocap(output, up="-y")
    np.testing.assert_allclose(clip.joints, lying, atol=1e-6)


def test_real_motions_come_back(cmu_poses, tmp_path):
    message = _prepare(cmu_poses, tmp_path / "out.npz")
    assert message.startswith("wrote 96 clips, 17,004 frames of 3D motions")
    _assert_same_clips(read_mocap(tmp_path / "out.npz"), read_mocap(cmu_poses))


def test_two_motions_of_one_name(tmp_path):
    folder = tmp_path / "in"
    write_bvh(folder / "walk.bvh", _motion(), H36M, fps=25)
    np.save(folder / "walk.npy", _motion())
    with pytest.raises(UserError, match="two motions are called 'walk': rename a file"):
        _prepare(folder, tmp_path / "out.npz")


def test_check_of_motions(tmp_path):
    np.savez(tmp_path / "a.npz", one=100 * _motion() * Y_UP, two=100 * _motion() * Y_UP)
    lines = check_poses(str(tmp_path), PoseFileConfig()).splitlines()
    assert lines[:4] == [
        "3D motions: 2 clips, 6 frames",
        "axes        1",
        f"  {tmp_path / 'a.npz'}: y is up, a unit is 0.01 m",
        "bodies      1",
    ]
    assert "  hip to knee              45.3 left   45.3 right, 0.0% apart" in lines
    turned = check_poses(str(tmp_path), PoseFileConfig(up="-y", scale="0.012")).splitlines()
    assert turned[2].endswith(": -y is up, a unit is 0.012 m")


# 2D joints.


def test_keypoints_come_back(tmp_path):
    source, output = tmp_path / "in.npz", tmp_path / "out.npz"
    pixels = _pixels()
    pixels[1, 4] = np.nan
    np.savez(source, intrinsics=MATRIX, image_size=(640, 480), **{"test/a/1": pixels, "b": pixels})
    assert _prepare(source, output) == f"wrote 2 clips, 6 frames of 2D joints to {output}"
    assert holds_keypoints(output)
    for before, after in zip(read_keypoints(source), read_keypoints(output)):
        assert before[3:] == after[3:] and before.name == after.name
        np.testing.assert_allclose(before.joints, after.joints, rtol=1e-6)
        np.testing.assert_array_equal(before.confidence, after.confidence)
        assert before.confidence[1, 4] == 0


def test_preparing_twice_changes_nothing(tmp_path):
    np.savez(tmp_path / "in.npz", intrinsics=MATRIX, a=_pixels())
    _prepare(tmp_path / "in.npz", tmp_path / "one.npz")
    _prepare(tmp_path / "one.npz", tmp_path / "two.npz")
    _assert_same_clips(read_keypoints(tmp_path / "one.npz"), read_keypoints(tmp_path / "two.npz"))


def test_keypoints_without_camera_or_size(tmp_path):
    np.save(tmp_path / "in.npy", _pixels())
    _prepare(tmp_path / "in.npy", tmp_path / "out.npz")
    (clip,) = read_keypoints(tmp_path / "out.npz")
    assert (clip.name, clip.camera, clip.image_size) == ("in", None, None)
    np.testing.assert_array_equal(clip.joints, np.float32(_pixels()[..., :2]))


def test_intrinsics_can_be_added(tmp_path):
    np.save(tmp_path / "in.npy", _pixels())
    _prepare(tmp_path / "in.npy", tmp_path / "out.npz", intrinsics="1100 1000 320 240")
    with np.load(tmp_path / "out.npz") as stored:
        np.testing.assert_array_equal(stored["intrinsics"], MATRIX)


def test_other_skeletons_become_human36m_s(tmp_path):
    np.save(tmp_path / "in.npy", _pixels())
    _prepare(tmp_path / "in.npy", tmp_path / "out.npz", skeleton="coco17")
    (before,), (after,) = (
        read_keypoints(tmp_path / name, skeleton)
        for name, skeleton in (("in.npy", "coco17"), ("out.npz", ""))
    )
    assert after.skeleton is H36M
    one, two = observed(before, "", 0.3), observed(after, "", 0.3)
    np.testing.assert_array_equal(one.confidence, two.confidence)
    coco = SKELETONS["coco17"].joints
    wrist = after.joints[:, H36M.joints.index("left_wrist")]
    np.testing.assert_array_equal(wrist, before.joints[:, coco.index("left_wrist")])


def _two_cameras(tmp_path):
    """VideoPose3D's file: distorting lenses with names, pictures of two sizes."""
    source = tmp_path / "data_2d_h36m_gt.npz"
    views = [_pixels(3, 17, seed)[..., :2] for seed in (0, 1)]
    metadata = {"keypoints_symmetry": [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]}
    positions = {"S1": {"Walking": views}}
    np.savez(source, positions_2d=np.array(positions, object), metadata=np.array(metadata, object))
    return source


def test_each_camera_gets_a_file(tmp_path):
    source, output = _two_cameras(tmp_path), tmp_path / "out"
    message = _prepare(source, output, allow_pickle=True)
    assert message == f"wrote 2 clips, 6 frames of 2D joints to {output}"
    assert sorted(path.name for path in output.iterdir()) == ["camera_0.npz", "camera_1.npz"]
    before, after = read_keypoints(source, allow_pickle=True), read_keypoints(output)
    assert [clip.name for clip in before] == [clip.name for clip in after]
    for one, two in zip(before, after):
        assert one.camera.focal == two.camera.focal and not any(two.camera.radial)
        assert one.image_size == two.image_size
        assert np.abs(one.joints - two.joints).max() > 1
        np.testing.assert_allclose(
            observed(one, "", 0.3).joints, observed(two, "", 0.3).joints, atol=1e-6
        )


def test_check_of_keypoints(tmp_path):
    np.save(tmp_path / "in.npy", _pixels())
    options = {"skeleton": "coco17", "intrinsics": "1100 1000 320 240", "least_confidence": 0.0}
    lines = check_poses(str(tmp_path), PoseFileConfig(**options)).splitlines()
    assert lines[:2] == ["2D joints: 1 clips, 3 frames", "skeletons   coco17: 1 clips"]
    assert lines[3] == "intrinsics  known: 1 clips"
    assert lines[4] == "nobody      in 0.0% of the frames"


# Human3.6M.


@pytest.fixture
def copy(tmp_path):
    """Two subjects who stand where the cameras look."""
    (tmp_path / "h36m").mkdir()
    copy = tiny_human36m.TinyHuman36M(tmp_path / "h36m")
    world = np.zeros((tiny_human36m.FRAMES, 32, 3))
    world[:, tiny_human36m.MOVING] = 1000 * body() @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    for (subject, sequence), camera in [(take, name) for take in copy.world for name in CAMERAS]:
        parameters = copy.cameras[subject, CAMERAS.index(camera) + 1]
        points = tiny_human36m.to_camera(world[:, tiny_human36m.MOVING], parameters)
        pixels = tiny_human36m.project(points, parameters)
        order = [joint or 0 for joint in tiny_human36m.AS_17]
        detected = sequence.replace(" ", "_")
        tiny_human36m.write(
            tiny_human36m.detected_file(copy.folder, subject, detected, camera),
            "poses",
            pixels[:, order] + [3, 4],
        )
        tiny_human36m.write(
            tiny_human36m.true_file(copy.folder, subject, sequence),
            "3D_positions",
            world.reshape(-1, 96).T,
        )
    return copy


def test_check_of_human36m(copy):
    lines = check_poses(str(copy.folder), PoseFileConfig(step=2)).splitlines()
    assert lines[0] == "Human3.6M: 4 clips, 24 frames, one frame in 2"
    assert [line.split(":")[0] for line in lines[1:11]] == [
        *("S9", *(f"  {camera}" for camera in CAMERAS)),
        *("S11", *(f"  {camera}" for camera in CAMERAS)),
    ]
    assert lines[1] == "S9: 2 clips, 12 frames" and lines[11] == "bodies      1"
    for line in lines[2:6]:
        pixels = float(line.split()[1])
        assert 4 < pixels < 6  # The detector is wrong by 5, through lenses that distort a little.
        assert line.endswith(
            "between projected and detected joints (median), 100.0% of the joints in the picture"
        )


def test_cameras_of_others_are_noticed(copy):
    """Subject 9's cameras, stored in another order."""
    cameras = dict(copy.cameras)
    cameras[9, 1], cameras[9, 2] = cameras[9, 2], cameras[9, 1]
    tiny_human36m.write_cameras(copy.folder, cameras)
    lines = check_poses(str(copy.folder), PoseFileConfig()).splitlines()
    wrong = [line.endswith(": wrong axes, unit or camera") for line in lines[2:6] + lines[7:11]]
    assert wrong == [True, True, *[False] * 6]


def test_without_detections_only_the_picture_tells(copy):
    for file in copy.folder.glob("S11/StackedHourglass/*"):
        file.unlink()
    wrong = {**copy.cameras, (11, 3): {**copy.cameras[11, 3], "R": -copy.cameras[11, 3]["R"]}}
    tiny_human36m.write_cameras(copy.folder, wrong)
    lines = check_poses(str(copy.folder), PoseFileConfig()).splitlines()[7:11]
    for number, line in enumerate(lines, 1):
        share, warning = ("0.0%", ": wrong axes, unit or camera") if number == 3 else ("100.0%", "")
        assert line.endswith(f": no detected joints, {share} of the joints in the picture{warning}")


def test_a_subject_that_cannot_be_read_is_reported(copy):
    for file in copy.folder.glob("S9/MyPoses/3D_positions/*"):
        file.unlink()
    lines = check_poses(str(copy.folder), PoseFileConfig()).splitlines()
    assert lines[1].startswith("S9: ") and "has nothing to read of S9" in lines[1]
    assert lines[2] == "S11: 2 clips, 6 frames"
    for file in copy.folder.glob("S11/MyPoses/3D_positions/*"):
        file.unlink()
    with pytest.raises(UserError, match=r"no subject can be read: S9: .* nothing to read of S9"):
        check_poses(str(copy.folder), PoseFileConfig())


def test_motions_of_human36m_come_back(copy, tmp_path):
    message = _prepare(copy.folder, tmp_path / "out.npz", step=2)
    assert message == f"wrote 4 clips, 24 frames of 3D motions to {tmp_path / 'out.npz'}"
    clips = human36m.read_memory(copy.folder, ["S9", "S11"], 2)
    _assert_same_clips(read_mocap(tmp_path / "out.npz"), clips)


# Mistakes.


def _mistakes(tmp_path):
    np.save(tmp_path / "motion.npy", _motion())
    np.save(tmp_path / "pixels.npy", _pixels())
    return {
        "gone": ("gone.npy", "out.npz", {}, "gone.npy: no such file or folder"),
        "taken": ("motion.npy", "motion.npy", {}, "motion.npy exists: give a new --output"),
        "folder": ("motion.npy", "out", {}, "out: motions become one file: give an --output that"),
        "up": ("motion.npy", "out.npz", {"up": "w"}, "up is 'w': use auto or one of y, z"),
        "lens": ("pixels.npy", "out.npz", {"intrinsics": "1"}, "intrinsics=1: expected fx fy cx"),
        "body": ("pixels.npy", "out.npz", {"skeleton": "mpii16"}, "(frames, 16, 2)"),
        "pickle": (_two_cameras(tmp_path).name, "out.npz", {}, "--set=allow_pickle=true"),
        "cameras": (
            *(_two_cameras(tmp_path).name, "out.npz", {"allow_pickle": True}),
            "out.npz: the clips have 2 cameras or sizes of pictures: give an --output without .npz",
        ),
    }


@pytest.mark.parametrize(
    "mistake", ["gone", "taken", "folder", "up", "lens", "body", "pickle", "cameras"]
)
def test_mistakes_are_told_and_nothing_is_written(tmp_path, mistake):
    source, output, options, message = _mistakes(tmp_path)[mistake]
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as error:
        _prepare(tmp_path / source, tmp_path / output, **options)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert sorted(tmp_path.iterdir()) == before
