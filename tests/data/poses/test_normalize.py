import numpy as np
import pytest
from absl import logging as absl_logging
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.poses.clips import Camera, Clip2D
from aign_tf.data.poses.normalize import as_h36m17, observed, parse_intrinsics, rays, with_camera
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

H36M, COCO = SKELETONS["h36m17"], SKELETONS["coco17"]
CAMERA = Camera((1000.0, 500.0), (300.0, 200.0))


def _clip(skeleton=H36M, name="clip", frames=2, **values):
    rng = np.random.default_rng(0)
    joints = rng.uniform(0, 400, (frames, len(skeleton.joints), 2)).astype(np.float32)
    return Clip2D(name, joints, np.ones(joints.shape[:2], np.float32), skeleton)._replace(**values)


def _at(clip, x, y):
    return clip._replace(joints=np.broadcast_to(np.float32([x, y]), clip.joints.shape))


# Cameras.


def test_pixels_become_directions():
    seen = observed(_at(_clip(camera=CAMERA), 400, 150), "", 0.3)
    np.testing.assert_allclose(seen.joints, np.broadcast_to([0.1, -0.1], (2, 17, 2)), atol=1e-7)
    assert seen.joints.dtype == seen.confidence.dtype == np.float32


def test_intrinsics_that_are_given_replace_the_file_s():
    seen = observed(_at(_clip(camera=CAMERA), 400, 150), "100 50 390 140", 0.3)
    np.testing.assert_allclose(seen.joints, np.broadcast_to([0.1, 0.2], (2, 17, 2)), atol=1e-6)


@pytest.mark.parametrize(("size", "focal"), [((641, 481), 1.15 * 641), ((301, 801), 1.15 * 801)])
def test_a_usual_lens_is_assumed_and_named(size, focal, caplog, monkeypatch):
    monkeypatch.setattr(absl_logging, "_log_counter_per_token", {})
    clip = _at(_clip(image_size=size), (size[0] - 1) / 2 + focal, (size[1] - 1) / 2 - focal / 2)
    seen = observed(clip, "", 0.3)
    np.testing.assert_allclose(seen.joints, np.broadcast_to([1, -0.5], (2, 17, 2)), atol=1e-6)
    assert seen.image_size == pytest.approx(1 / 1.15)
    assert f"clip tells no intrinsics: assuming a focal length of {focal:.0f} pixels" in caplog.text


def test_pictures_of_unknown_size_show_everybody():
    """A picture of 1000 x 500: a quarter more than the farthest joint that was seen."""
    clip = _clip(frames=1)
    clip.joints[0, 3] = 800, 400
    clip.joints[0, 4] = 5000, 5000
    clip.confidence[0, 4] = 0
    seen = observed(clip, "", 0.3)
    expected = (np.array([800, 400]) - [499.5, 249.5]) / 1150
    np.testing.assert_allclose(seen.joints[0, 3], expected, atol=1e-6)
    assert np.isfinite(observed(clip._replace(confidence=0 * clip.confidence), "", 0).joints).all()


def test_one_joint_in_the_wrong_place_does_not_make_the_picture_larger():
    clip = _clip(frames=40)
    before = with_camera(clip, "")
    clip.joints[7, 3] = 40000, 1e30
    after = with_camera(clip, "")
    np.testing.assert_allclose(after.image_size, before.image_size, rtol=0.01)
    # No lens sees it there, so it does not count.
    confidence = observed(clip, "", 0.3).confidence
    assert confidence[7, 3] == 0 and confidence.sum() == confidence.size - 1


def test_what_is_a_mere_point_was_not_seen():
    clip = _clip(camera=CAMERA)
    clip.joints[0] = 123, 45
    seen = observed(clip, "", 0.3)
    assert not seen.confidence[0].any() and seen.confidence[1].all()
    assert seen.told.tolist() == [False, True]


@pytest.mark.parametrize(
    ("values", "intrinsics", "expected"),
    [
        ({"camera": CAMERA, "image_size": (900, 600)}, "", 900 / 750),
        ({"camera": CAMERA}, "", 600 / 750),
        ({"image_size": (500, 900)}, "100 200 7 7", 900 / 150),
        ({}, "100 200 30 60", 120 / 150),
    ],
)
def test_errors_are_measured_in_sizes_of_the_picture(values, intrinsics, expected):
    assert observed(_clip(**values), intrinsics, 0.3).image_size == pytest.approx(expected)


@given(
    st.lists(st.tuples(*[st.floats(-0.4, 0.4)] * 2), min_size=1, max_size=5),
    st.tuples(*[st.floats(-0.2, 0.2)] * 2),
    st.tuples(*[st.floats(-0.003, 0.003)] * 2),
)
def test_distortion_is_undone(points, radial, tangential):
    """Against the formula of Brown's model."""
    (k1, k2), (p1, p2) = radial, tangential
    x, y = np.array(points).T
    r2 = x**2 + y**2
    scale = 1 + k1 * r2 + k2 * r2**2
    bent_x = x * scale + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    bent_y = y * scale + 2 * p2 * x * y + p1 * (r2 + 2 * y**2)
    pixels = np.stack([1000 * bent_x + 300, 500 * bent_y + 200], axis=-1)
    camera = CAMERA._replace(radial=(k1, k2, 0.0), tangential=tangential)
    np.testing.assert_allclose(rays(pixels[None], camera)[0], points, atol=3e-4)


# Joints.


def test_doubtful_joints_are_missing():
    clip = _clip(camera=CAMERA)
    clip.confidence[0, 2:5] = 0.2, 0.4, 0.5
    clip.confidence[1] = 0
    seen = observed(clip, "", 0.4)
    assert seen.confidence[0].tolist() == [1, 1, 0, *[1] * 14]
    assert not seen.confidence[1].any()
    assert not seen.joints[0, 2].any() and not seen.joints[1].any()


def test_joints_of_another_skeleton():
    clip = _clip(COCO, camera=Camera((1000.0, 1000.0), (0.0, 0.0)))
    seen = observed(clip, "", 0.3)
    coco = dict(zip(COCO.joints, clip.joints[0] / 1000))
    own = dict(zip(H36M.joints, seen.joints[0]))
    assert set(own) - set(coco) == {"hip", "spine", "thorax", "neck_nose", "head_top"}
    for joint in set(own) & set(coco):
        np.testing.assert_allclose(own[joint], coco[joint], rtol=1e-6)
    np.testing.assert_allclose(own["hip"], (coco["left_hip"] + coco["right_hip"]) / 2, rtol=1e-6)
    missing = [joint for joint, c in zip(H36M.joints, seen.confidence[0]) if not c]
    assert missing == ["spine", "thorax", "neck_nose", "head_top"]
    assert not seen.joints[seen.confidence == 0].any()


def test_a_joint_made_of_a_missing_one_is_missing():
    clip = _clip(COCO)
    clip.confidence[:, COCO.joints.index("left_hip")] = [0, 0.6]
    joints, confidence = as_h36m17(clip.joints, clip.confidence, COCO)
    assert confidence[:, H36M.root].tolist() == pytest.approx([0, 0.6])
    assert not joints[0, H36M.root].any()
    assert joints.dtype == confidence.dtype == np.float32


# The rest.


def test_what_nobody_knows_is_not_a_number():
    seen = observed(_clip(name="S9/Walking 1/54138969", camera=CAMERA), "", 0.3)
    assert seen.pose.shape == (2, 17, 3) and seen.position.shape == (2, 3)
    assert np.isnan(seen.pose).all() and np.isnan(seen.position).all()
    assert not seen.known.any()
    assert seen.actions.tolist() == ["Walking"] * 2


def test_intrinsics_are_four_numbers():
    assert parse_intrinsics(" 1145 1144.5\t512 -3 ") == (1145, 1144.5, 512, -3)


@pytest.mark.parametrize(
    "text", ["1 2 3", "1 2 3 4 5", "a b c d", "0 1 2 3", "1 -1 2 3", "1 1 nan 3", "inf 1 2 3"]
)
def test_other_intrinsics_are_refused(text):
    with pytest.raises(UserError) as error:
        observed(_clip(), text, 0.3)
    assert str(error.value) == (
        f"intrinsics={text}: expected fx fy cx cy in pixels, as in 1145 1144 512 515"
    )
