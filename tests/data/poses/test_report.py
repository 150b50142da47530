import numpy as np

from aign_tf.data.poses import report
from aign_tf.data.poses.clips import Camera, Clip2D, Clip3D
from aign_tf.data.poses.upright import Axes
from aign_tf.skeletons import SKELETONS
from tests.data.poses.standing import H36M, body

CAMERA = Camera((1000.0, 1000.0), (320.0, 240.0))


def _seen(name, skeleton=H36M, frames=4, **values):
    joints = np.ones((frames, len(skeleton.joints), 2), np.float32)
    return Clip2D(name, joints, joints[..., 0].copy(), skeleton)._replace(**values)


def _motion(name="walk", frames=6, size=1.0):
    """Somebody who walks at 10 cm a frame."""
    steps = 0.1 * np.arange(frames)[:, None, None] * [1, 0, 0]
    return Clip3D(name, np.float32(size * body() + steps), H36M)


def _move(clip, joint, frames, away):
    clip.joints[frames, H36M.joints.index(joint)] += away


# 2D joints.


def test_what_2d_joints_are_known_of():
    clips = [
        _seen("a", frames=3, camera=CAMERA, image_size=(640, 480)),
        _seen("b", SKELETONS["coco17"], frames=2),
        _seen("c", frames=1500),
    ]
    lines = report.keypoints_text(clips, 0.3).splitlines()
    assert lines[:4] == [
        "2D joints: 3 clips, 1,505 frames",
        "skeletons   h36m17: 2 clips, coco17: 1 clips",
        "pictures    size unknown: 2 clips, 640x480: 1 clips",
        "intrinsics  unknown, a usual lens is assumed: 2 clips, known: 1 clips",
    ]


def test_missing_joints_are_counted_as_training_sees_them():
    clip = _seen("a")
    wrist, knee = H36M.joints.index("left_wrist"), H36M.joints.index("right_knee")
    clip.confidence[:2, wrist] = 0.2
    clip.confidence[2, knee] = 0
    clip.confidence[3] = 0
    lines = report.keypoints_text([clip], 0.3).splitlines()
    assert lines[4] == "nobody      in 25.0% of the frames"
    share = (17 + 3) / (4 * 17)
    assert lines[5] == f"missing     in {share:.1%} of the frames, on average over the joints"
    shares = dict(line.split() for line in lines[6:])
    assert list(shares) == list(H36M.joints)
    expected = {"left_wrist": "75.0%", "right_knee": "50.0%"}
    assert shares == {joint: expected.get(joint, "25.0%") for joint in H36M.joints}


def test_joints_that_a_skeleton_does_not_have_are_always_missing():
    text = report.keypoints_text([_seen("a", SKELETONS["coco17"])], 0.3)
    shares = dict(line.split() for line in text.splitlines()[6:])
    assert [joint for joint in shares if shares[joint] == "100.0%"] == [
        *("spine", "thorax", "neck_nose", "head_top")
    ]


# 3D motions.


def test_a_clean_motion():
    text = report.motions_text([_motion()], {"walk.npy": Axes("-y", 0.01)})
    assert text.splitlines() == [
        "3D motions: 1 clips, 6 frames",
        "axes        1",
        "  walk.npy: -y is up, a unit is 0.01 m",
        "bodies      1",
        "bones       usual length in cm",
        "  hip to hip               13.0 left   13.0 right, 0.0% apart",
        "  hip to knee              45.3 left   45.3 right, 0.0% apart",
        "  knee to ankle            45.3 left   45.3 right, 0.0% apart",
        "  hip to spine             25.0",
        "  spine to thorax          25.0",
        "  thorax to neck_nose      11.2",
        "  neck_nose to head_top    13.0",
        "  thorax to shoulder       17.7 left   17.7 right, 0.0% apart",
        "  shoulder to elbow        25.2 left   25.2 right, 0.0% apart",
        "  elbow to wrist           25.0 left   25.0 right, 0.0% apart",
        "suspicious  none",
    ]


def test_bodies_of_other_size_are_told_apart():
    sizes = (1.0, 1.1, 1.005, 0.9, 1.1)
    clips = [_motion(str(row), size=size) for row, size in enumerate(sizes)]
    assert report.bodies(clips)[0] == "bodies      3"


def test_a_longer_leg_is_seen():
    clip = _motion()
    _move(clip, "left_ankle", slice(None), [0, 0.09, -0.01])
    (line,) = [line for line in report.bodies([clip]) if "knee to ankle" in line]
    # sqrt(0.54 ** 2 + 0.06 ** 2) and sqrt(0.45 ** 2 + 0.05 ** 2)
    assert line == "  knee to ankle            54.3 left   45.3 right, 18.2% apart"


def test_jumps_are_suspicious():
    clip = _motion()
    clip.joints[3:] += np.float32([0, 0, 0.6])
    lines = report.bodies([_motion("fine"), clip])
    assert lines[-2:] == ["suspicious  1", "  walk, frame 3: a joint jumps by 0.61 m"]


def test_bones_that_change_are_suspicious_but_named_once():
    clip = _motion(frames=9)
    _move(clip, "left_wrist", slice(2, 5), [0, 0.10, 0])
    _move(clip, "left_wrist", 3, [0, 0.05, 0])
    _move(clip, "head_top", 7, [0, 0.06, 0])
    assert report.bodies([clip])[-3:] == [
        "suspicious  2",
        "  walk, frame 2 to 4: left_elbow to left_wrist differs by +60%",
        "  walk, frame 7: neck_nose to head_top differs by -40%",
    ]


def test_a_single_frame_and_a_bone_of_no_length():
    clip = _motion(frames=1)
    clip.joints[:, H36M.joints.index("thorax")] = clip.joints[:, H36M.joints.index("spine")]
    lines = report.bodies([clip, clip])
    assert lines[0] == "bodies      1" and lines[-1] == "suspicious  none"
    assert "  spine to thorax           0.0" in lines
