"""How well a clip is drawn from its neighbours, and how near its factors are to the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from aign_tf import losses, places
from aign_tf.config import setting
from aign_tf.data.sequences.clips import NO_READING
from aign_tf.photometry import SSIM_SHARE, photometric_error, roughness
from aign_tf.renderers.clip import clip_with_blurred, folded

# Above every photometric error, which ends at 1.
_NOT_SEEN = 2.0
# Translations of less than this share of usual ones are as good as none.
_SHORTEST = 0.1

Tensors = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class VideoLossConfig:
    ssim: float = setting(SSIM_SHARE, "share of SSIM in the photometric error", most=1)
    blurs: int = setting(
        2, "blurred copies of the pictures, over 3, 9... pixels, that are compared too", most=4
    )
    minimum: bool = setting(True, "each pixel counts the neighbour that shows it best, or the mean")
    auto_mask: bool = setting(True, "pixels that fit best without any motion teach nothing")
    occlusion: bool = setting(True, "points that a neighbour's depths hide are not compared")
    motion_share: float = setting(
        0.15, "weight of the adversarial term of motions by that of depths"
    )
    smoothness: float = setting(0.001, "weight of slopes of disparity where the picture has none")
    guess: float = setting(
        0.1, "weight of how far final depths are from those guessed to find the motion"
    )
    flow: float = setting(
        0.1, "weight of how far places were followed from where depths and motions say they went"
    )
    too_far: float = setting(
        0.3, "weight of how much farther depths are than nearer ones that explain a place better"
    )
    consistency: float = setting(0.1, "weight of the disagreement of neighbours' depths")


def video_loss(rendered: Tensors, frames: tf.Tensor, config: VideoLossConfig) -> tf.Tensor:
    """Photometric error, plus weighted terms of depths, and of guesses and flow if there are any.

    Per-pixel minimum and auto-mask: Godard et al. 2019, equations 4 and 5. What no neighbour shows
    is charged as if nothing had moved: leaving the picture must not pay. Guesses and flow learn
    from the final depths and motions, and these nothing from them.

    Args:
      rendered: what `ClipFromNeighbours` returns.
      frames: `[B, F, H, W, 3]` in [-1, 1].

    Returns:
      A scalar; all terms are means over frames, pixels and levels.
    """
    frames = clip_with_blurred(frames, config.blurs)
    moved = _errors(rendered["views"], frames[:, None], config.ssim)
    still = _errors(_unmoved(frames)[:, None], frames[:, None], config.ssim)
    still = tf.broadcast_to(still, tf.shape(moved))
    seen = _of_each_frame(rendered["valid"])
    # Neighbours that the clip does not have are above every error.
    there = _of_each_frame(tf.ones_like(rendered["valid"]))
    still = tf.where(there > 0, still, _NOT_SEEN)
    standing = tf.reduce_min(still, axis=2)
    if config.minimum:
        best = tf.reduce_min(tf.where(seen > 0, moved, _NOT_SEEN), axis=2)
    else:
        weight = tf.cast(seen > 0, tf.float32)
        best = tf.reduce_sum(weight * moved, axis=2) / tf.maximum(tf.reduce_sum(weight, axis=2), 1)
    best = tf.where(tf.reduce_any(seen > 0, axis=2), best, standing)
    if config.auto_mask:
        best = tf.minimum(best, standing)
    loss = tf.reduce_mean(best)
    if config.consistency > 0:
        loss += config.consistency * tf.reduce_mean(rendered["disagreement"])
    if config.smoothness > 0:
        log_depth = rendered["log_depth"]
        levels = log_depth.shape[1]
        pictures = tf.repeat(frames[:, None, ..., :3], levels, axis=1)
        loss += config.smoothness * roughness(folded(log_depth, 3), folded(pictures, 3))
    if config.guess > 0 and "guess" in rendered:
        final = places.means_of_frames(tf.stop_gradient(rendered["log_depth"][:, 0, :-1]))
        missed = tf.abs(_shifted(rendered["guess"], final) - final)
        loss += config.guess * tf.reduce_mean(missed)
    if config.flow > 0 and "flow" in rendered:
        rigid = tf.stop_gradient(rendered["rigid_flow"]) / places.APART
        followed = rendered["flow"] / places.APART
        known = tf.math.is_finite(rigid)
        loss += config.flow * losses.mean_absolute_known(followed, rigid, known)
    if config.too_far > 0 and "too_far" in rendered:
        loss += config.too_far * tf.reduce_mean(rendered["too_far"])
    return loss


def factor_loss(
    predicted: Tensors, truth: Tensors, rotation: Sequence[float], translation: Sequence[float]
) -> tf.Tensor:
    """Mean absolute errors, where the truth is known, of log depth, of motions and of flow.

    Translations are compared by direction and by the logarithm of their length: metres would tell a
    network that is not sure of the direction to keep still, and one that has seen a street to pay
    no heed to rooms.

    Args:
      predicted: factors, as of `generators.depth_motion`.
      truth: some of them; `NO_READING` stands for unknown log depths, NaN for what else is unknown.
      rotation, translation: usual sizes of their coordinates. Rotations are compared in these
        units, and translations of less than a tenth are as good as none.

    Returns:
      A scalar, the sum over what `truth` names.
    """
    units = {"rotation": rotation, "flow": float(places.APART)}
    least = _SHORTEST * sum(translation) / len(translation)
    predicted, truth = (_with_lengths(factors, least) for factors in (predicted, truth))
    if "guess" in truth:
        guess = predicted["guess"]
        predicted["guess"] = _shifted(guess, truth["guess"])
        truth["guess"] = tf.broadcast_to(truth["guess"], tf.shape(guess))
    return tf.add_n(
        [
            losses.mean_absolute_known(
                predicted[name] / units.get(name, 1.0),
                target / units.get(name, 1.0),
                (target < NO_READING) if name == "log_depth" else tf.math.is_finite(target),
            )
            for name, target in truth.items()
        ]
    )


def _shifted(guess: tf.Tensor, log_depth: tf.Tensor) -> tf.Tensor:
    """Guesses `[B, F, h, w, K]` of each frame with the mean of `log_depth` `[B, F, h, w, 1]`."""
    return guess + tf.reduce_mean(log_depth - guess, axis=(2, 3), keepdims=True)


def _with_lengths(factors: Tensors, least: float) -> Tensors:
    """Translations as directions and logarithms of lengths, of which `least` is the shortest."""
    factors = dict(factors)
    if "translation" in factors:
        way = tf.cast(factors.pop("translation"), tf.float32)
        length = tf.sqrt(tf.reduce_sum(way**2, axis=-1, keepdims=True) + least**2)
        factors |= {"direction": way / length, "log_length": tf.math.log(length)}
    return factors


def _unmoved(frames: tf.Tensor) -> tf.Tensor:
    """The neighbours' pictures as they are, `[B, 2, F - 1, H, W, 3]`, in the order of `views`."""
    return tf.stack([frames[:, 1:], frames[:, :-1]], axis=1)


def _errors(views: tf.Tensor, frames: tf.Tensor, ssim_share: float) -> tf.Tensor:
    """`[B,L,2,F-1,H,W,3]` against `[B,1,F,H,W,3]` -> `[B,L,2,F,H,W,1]`, 0 where there is none."""
    shown = tf.stack([frames[:, :, :-1], frames[:, :, 1:]], axis=2)
    shown = tf.repeat(shown, views.shape[1], axis=1)
    errors = photometric_error(folded(views, 4), folded(shown, 4), ssim_share)
    return _of_each_frame(tf.reshape(errors, (-1, *views.shape[1:-1], 1)))


def _of_each_frame(values: tf.Tensor) -> tf.Tensor:
    """`[B,L,2,F-1,...]` -> `[B,L,2,F,...]`: from the next and from the previous frame, else 0."""
    from_next, from_previous = tf.unstack(values, axis=2)
    none = tf.zeros_like(from_next[:, :, :1])
    return tf.stack(
        [tf.concat([from_next, none], axis=2), tf.concat([none, from_previous], axis=2)], axis=2
    )
