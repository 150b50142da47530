"""From pixels to normalised image coordinates: the direction of a viewing ray (x, y, 1)."""

from __future__ import annotations

import cv2
import numpy as np
from absl import logging

from aign_tf.data.pose_sets import Observations, action_of
from aign_tf.data.poses.clips import Camera, Clip2D
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS, Skeleton, convert, known_joints

_USUAL_FOCAL = 1.15  # of the longer side of the picture: 47 degrees, a camera's usual view
_WIDEST_PERSON = 1.25  # sides of a square round all joints, where the size of pictures is unknown


def observed(clip: Clip2D, intrinsics: str, least_confidence: float) -> Observations:
    """A clip in the joints of Human3.6M, without a truth; joints it cannot tell are missing.

    Args:
      clip: in pixels.
      intrinsics: "fx fy cx cy" in pixels, for clips that come without a camera; "" assumes a usual
        lens and the optical axis in the middle of the picture.
      least_confidence: below it, a joint counts as missing.

    Raises:
      UserError: `intrinsics` are no such numbers.
    """
    camera, size = _camera(clip, intrinsics)
    confidence = np.where(clip.confidence < least_confidence, 0, clip.confidence)
    joints, confidence = as_h36m17(rays(clip.joints, camera), confidence, clip.skeleton)
    count = len(joints)
    return Observations(
        joints,
        (confidence > 0).astype(np.float32),
        np.full((*joints.shape[:2], 3), np.nan, np.float32),
        np.full((count, 3), np.nan, np.float32),
        np.full(count, action_of(clip.name)),
        size / float(np.mean(camera.focal)),
    )


def as_h36m17(
    joints: np.ndarray, confidence: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    """Joints `[T, J, 2]` of `skeleton` as those of Human3.6M; 0 where missing; float32."""
    target = SKELETONS["h36m17"]
    joints, confidence = convert(joints, confidence, skeleton, target, partial=True)
    # The generator fills in what is missing better than `convert` makes it from other joints.
    found = known_joints(skeleton, target)
    return np.where(found[:, None], joints, 0), np.where(found, confidence, 0)


def rays(pixels: np.ndarray, camera: Camera) -> np.ndarray:
    """Pixels `[T, J, 2]` without the distortion, at focal length 1."""
    matrix = np.diag([*camera.focal, 1.0])
    matrix[:2, 2] = camera.principal_point
    lens = np.array([*camera.radial[:2], *camera.tangential, camera.radial[2]])
    flat = np.nan_to_num(pixels.reshape(-1, 1, 2).astype(np.float64))
    return cv2.undistortPoints(flat, matrix, lens).reshape(pixels.shape)


def _camera(clip: Clip2D, intrinsics: str) -> tuple[Camera, float]:
    """The camera, and the longer side of its pictures in pixels."""
    size = clip.image_size
    if clip.camera and not intrinsics:
        return clip.camera, max(size or 2 * np.array(clip.camera.principal_point))
    if intrinsics:
        fx, fy, cx, cy = parse_intrinsics(intrinsics)
        return Camera((fx, fy), (cx, cy)), max(size or (2 * cx, 2 * cy))
    if size is None:
        size = _framed(clip)
    focal = _USUAL_FOCAL * max(size)
    logging.log_first_n(
        logging.WARNING,
        "%s tells no intrinsics: assuming a focal length of %.0f pixels",
        1,
        clip.name,
        focal,
    )
    # The centre of pixel (0, 0) is at (0, 0).
    return Camera((focal, focal), ((size[0] - 1) / 2, (size[1] - 1) / 2)), max(size)


def _framed(clip: Clip2D) -> tuple[float, float]:
    """A guess at the size of the pictures: they begin at 0 and show all joints."""
    far = clip.joints[clip.confidence > 0].max(axis=0, initial=1)
    return tuple(_WIDEST_PERSON * far)


def parse_intrinsics(text: str) -> tuple[float, float, float, float]:
    """ "1145 1144 512 515" as numbers; raises `UserError` if they cannot be a camera's."""
    try:
        fx, fy, cx, cy = (float(word) for word in text.split())
    except ValueError:
        fx = fy = cx = cy = -1.0
    if not (min(fx, fy) > 0 and all(np.isfinite([fx, fy, cx, cy]))):
        raise UserError(
            f"intrinsics={text}: expected fx fy cx cy in pixels, as in 1145 1144 512 515"
        )
    return fx, fy, cx, cy
