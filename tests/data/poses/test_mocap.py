import pathlib

import numpy as np
import pytest

from aign_tf.data.poses.bvh_writer import write_bvh
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS
from tests.data.poses.standing import H36M, body

CMU = pathlib.Path(__file__).parents[3] / "../shared/data/cmu_mocap"
needs_cmu = pytest.mark.skipif(not CMU.exists(), reason="the CMU motions are not on this machine")
Y_UP = (1, -1, -1)


def _motion(frames=3):
    return np.float32(body() + np.arange(frames)[:, np.newaxis, np.newaxis] * [0.1, 0, 0.3])


def _names(clips):
    return [clip.name for clip in clips]


def test_arrays_become_clips(tmp_path):
    path = tmp_path / "motions.npz"
    np.savez(path, **{"train/walking/1": _motion(2) * Y_UP, "test/2": _motion(4) * Y_UP})
    clips = read_mocap(str(path))
    assert _names(clips) == ["train/walking/1", "test/2"]
    for clip, frames in zip(clips, (2, 4)):
        assert clip.skeleton == H36M
        assert clip.joints.dtype == np.float32
        np.testing.assert_allclose(clip.joints, _motion(frames), atol=1e-6)


def test_axes_and_unit_can_be_given(tmp_path):
    np.save(tmp_path / "walk.npy", _motion() * Y_UP * 50)
    (clip,) = read_mocap(tmp_path / "walk.npy", up="y", scale="0.02")
    assert clip.name == "walk"
    np.testing.assert_allclose(clip.joints, _motion(), atol=1e-6)


def test_other_skeletons_are_told_by_count_or_name(tmp_path):
    wanted = [H36M.joints.index(joint) for joint in ("right_ankle", "hip", "head_top")]
    h36m32 = np.zeros((1, 32, 3))
    for row, joint in enumerate(SKELETONS["h36m32"].joints):
        h36m32[0, row] = body()[H36M.joints.index(joint)] if joint in H36M.joints else 9
    np.save(tmp_path / "a.npy", h36m32)
    for skeleton in ("", "h36m32"):
        (clip,) = read_mocap(tmp_path / "a.npy", skeleton)
        np.testing.assert_allclose(clip.joints[0, wanted], body()[wanted], atol=1e-6)


def test_videopose3d_files_need_trust(tmp_path):
    path = tmp_path / "data_3d_h36m.npz"
    z_up = _motion() @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    positions = {"S1": {"Walking 1": z_up}, "S9": {"Greeting": z_up}}
    np.savez(path, positions_3d=np.array(positions, object))
    with pytest.raises(UserError, match=r"data\.allow_pickle=true"):
        read_mocap(path)
    clips = read_mocap(path, allow_pickle=True)
    assert _names(clips) == ["S1/Walking 1", "S9/Greeting"]
    np.testing.assert_allclose(clips[0].joints, _motion(), atol=1e-6)


def test_written_bvh_comes_back(tmp_path):
    write_bvh(tmp_path / "walk.bvh", _motion(), H36M, fps=25)
    (clip,) = read_mocap(tmp_path / "walk.bvh")
    assert clip.name == "walk"
    np.testing.assert_allclose(clip.joints, _motion(), atol=1e-4)


def test_a_folder_may_hold_anything(tmp_path):
    write_bvh(tmp_path / "b/walk.bvh", _motion(), H36M, fps=25)
    # Somebody on the floor: the folder tells what is up, this file alone does not.
    lying = _motion(1) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    write_bvh(tmp_path / "b/lie.BVH", lying, H36M, fps=25)
    write_bvh(tmp_path / "b/.hidden/gone.bvh", _motion(), H36M, fps=25)
    np.savez(tmp_path / "a.npz", first=_motion() * 1000, second=_motion() * 1000)
    np.save(tmp_path / "c.npy", _motion())
    (tmp_path / "readme.txt").write_text("not a motion")
    clips = {clip.name: clip.joints for clip in read_mocap(tmp_path)}
    assert list(clips) == ["a/first", "a/second", "b/lie", "b/walk", "c"]
    for name in ("a/first", "a/second", "b/walk", "c"):
        np.testing.assert_allclose(clips[name], _motion(), atol=1e-4)
    np.testing.assert_allclose(clips["b/lie"], lying, atol=1e-4)


def test_missing_joints_are_named(tmp_path):
    path = tmp_path / "walk.bvh"
    write_bvh(path, _motion(), H36M, fps=25)
    path.write_text(path.read_text().replace("right_knee", "knie"))
    message = (
        r"walk\.bvh, walk: skeleton h36m17 cannot be made from the joints of the file: it lacks "
    )
    with pytest.raises(UserError, match=f"{message}right_knee"):
        read_mocap(path)
    np.save(tmp_path / "coco.npy", np.zeros((1, 17, 3)))
    with pytest.raises(UserError, match=r"coco\.npy, coco: .* made from coco17: it lacks head_top"):
        read_mocap(tmp_path / "coco.npy", "coco17")


@pytest.mark.parametrize(
    ("array", "skeleton", "message"),
    [
        (np.zeros((3, 3)), "", r"shape \(3, 3\) where \(frames, joints, 3\) should be"),
        (np.zeros((4, 17, 2)), "", r"shape \(4, 17, 2\) where \(frames, joints, 3\) should be"),
        (np.zeros((0, 17, 3)), "", r"shape \(0, 17, 3\) where \(frames, joints, 3\) should be"),
        (np.array(["a"]), "", "not numbers"),
        (np.zeros((1, 5, 3)), "", r"5 joints, which is not the number of h36m17 \(17\), h36m32 "),
        (np.zeros((1, 17, 3)), "mpii16", r"17 joints, which is not the number of mpii16 \(16\)"),
        (np.zeros((1, 17, 3)), "h36m", "no skeleton 'h36m': use one of h36m17"),
        (np.where(np.arange(3) == 1, np.nan, np.ones((2, 17, 3))), "", "frame 0 has NaN"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, array, skeleton, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError, match=message) as error:
        read_mocap(tmp_path / "a.npy", skeleton)
    assert "\n" not in str(error.value)


def test_nothing_to_read(tmp_path):
    with pytest.raises(UserError, match="gone: no such file or folder of motions"):
        read_mocap(tmp_path / "gone")
    (tmp_path / "a.txt").write_text("a")
    for path in (tmp_path, tmp_path / "a.txt"):
        with pytest.raises(UserError, match=r"no motions: \.bvh, \.npy, \.npz are read"):
            read_mocap(path)


@needs_cmu
def test_real_arrays_are_turned_about_x():
    clips = read_mocap(CMU / "poses_17j.npz")
    assert len(clips) == 96
    with np.load(CMU / "poses_17j.npz") as file:
        assert _names(clips) == file.files
        np.testing.assert_array_equal(clips[5].joints, file[clips[5].name] * np.float32(Y_UP))


@needs_cmu
def test_real_bvh_is_found_to_be_in_centimetres(caplog):
    caplog.set_level("INFO")
    clips = read_mocap(CMU / "bvh")
    assert "2 clips, up is y, a unit is 0.01 m, legs and trunk are 1.29 m" in caplog.text
    assert _names(clips) == ["salsa_10", "salsa_25"]
    joints = clips[0].joints
    at = {name: joints[:, row] for row, name in enumerate(H36M.joints)}
    # The offsets of knee and foot in the file.
    thigh = np.linalg.norm(at["left_knee"] - at["left_hip"], axis=-1)
    shin = np.linalg.norm(at["left_ankle"] - at["left_knee"], axis=-1)
    np.testing.assert_allclose(thigh, 0.3683, atol=1e-3)
    np.testing.assert_allclose(shin, 0.4541, atol=1e-3)
    assert (at["head_top"] < at["hip"])[:, 1].all()
    # The first frame is a T with the face towards the file's +z, our -z: left is at +x.
    assert at["left_wrist"][0, 0] - at["right_wrist"][0, 0] > 1
