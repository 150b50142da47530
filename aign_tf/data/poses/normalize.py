"""From pixels to normalised image coordinates: the direction of a viewing ray (x, y, 1)."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
from absl import logging

from aign_tf.data.poses.clips import Camera, Clip2D, action_of
from aign_tf.data.poses.observations import Observations
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS, Skeleton, convert, known_joints

_USUAL_FOCAL = 1.15  # of the longer side of the picture: 47 degrees, a camera's usual view
_NEARLY_ALL = 0.99  # of the joints, as some are detected in the wrong place
_WIDEST_PERSON = 1.25  # sides of a square round all joints, where the size of pictures is unknown

_WIDEST = 5.7  # Rays 80 degrees off the axis: no lens that projects to a plane has them.
_SMALLEST = 1e-3  # of a person, at 1 km


def observed(clip: Clip2D, intrinsics: str, least_confidence: float) -> Observations:
    """A clip in the joints of Human3.6M, without a truth; joints it cannot tell are missing.

    Args:
      clip: in pixels.
      intrinsics: "fx fy cx cy" in pixels, instead of what a file tells; "" takes that or, where it
        tells nothing, a usual lens and the optical axis in the middle of the picture.
      least_confidence: below it, a joint counts as missing.

    Returns:
      Joints that no camera can see there count as missing, and so do those of frames in which the
      person is a mere point.

    Raises:
      UserError: `intrinsics` are no such numbers.
    """
    clip = with_camera(clip, intrinsics)
    joints = rays(clip.joints, clip.camera)
    no_ray = np.linalg.norm(joints, axis=-1) > _WIDEST
    confidence = np.where(no_ray | (clip.confidence < least_confidence), 0, clip.confidence)
    joints, confidence = as_h36m17(joints, confidence, clip.skeleton)
    confidence = np.where(_spread(joints, confidence) < _SMALLEST, 0, confidence > 0)
    count = len(joints)
    return Observations(
        joints,
        confidence.astype(np.float32),
        np.full((*joints.shape[:2], 3), np.nan, np.float32),
        np.full((count, 3), np.nan, np.float32),
        np.full(count, action_of(clip.name)),
        max(clip.image_size) / float(np.mean(clip.camera.focal)),
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


def _spread(joints: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """`[T, 1]`: how far the joints seen reach to either side."""
    seen = np.where(confidence[..., None] > 0, joints, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # Where nothing was seen.
        reach = np.nanmax(seen, axis=1) - np.nanmin(seen, axis=1)
    return np.nan_to_num(reach).max(axis=1, keepdims=True)


def with_camera(clip: Clip2D, intrinsics: str) -> Clip2D:
    """The clip with a camera and the size of its pictures, assumed where nobody tells them.

    To be asked for a whole video: what is assumed depends on where people go in it.

    Raises:
      UserError: `intrinsics` are not as in `observed`.
    """
    size = clip.image_size
    if intrinsics:
        fx, fy, cx, cy = parse_intrinsics(intrinsics)
        clip = clip._replace(camera=Camera((fx, fy), (cx, cy)))
    if clip.camera:
        # The axis goes through the middle of a picture, unless its units are no pixels.
        across = 2 * max(clip.camera.principal_point)
        return clip._replace(image_size=size or ((across, across) if across > 0 else _framed(clip)))
    size = size or _framed(clip)
    focal = _USUAL_FOCAL * max(size)
    logging.log_first_n(
        logging.WARNING,
        "%s tells no intrinsics: assuming a focal length of %.0f pixels",
        5,
        clip.name,
        focal,
    )
    # The centre of pixel (0, 0) is at (0, 0).
    centre = ((size[0] - 1) / 2, (size[1] - 1) / 2)
    return clip._replace(camera=Camera((focal, focal), centre), image_size=size)


def _framed(clip: Clip2D) -> tuple[float, float]:
    """A guess at the size of the pictures: they begin at 0 and show nearly all joints."""
    seen = clip.joints[clip.confidence > 0]
    far = np.quantile(seen, _NEARLY_ALL, axis=0, method="higher") if len(seen) else np.ones(2)
    return tuple(np.maximum(_WIDEST_PERSON * far, 1.0))


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
