"""Each frame of a clip of video, drawn from its neighbours."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf import places, rigid
from aign_tf.layers import Float32Layer
from aign_tf.photometry import with_blurred
from aign_tf.renderers.warp import Warped, warp

Tensors = dict[str, tf.Tensor]


@keras.saving.register_keras_serializable("aign_tf")
class ClipFromNeighbours(Float32Layer):
    """Draws frame k from frame k + 1, and frame k + 1 from frame k, for all depths at once.

    Source: Zhou et al. 2017, equation 1 and 2; the paper's renderer for structure from motion.

    Args:
      occlusion: whether points that the depths of the other frame hide there are not valid.
      blurs: how many blurred copies of the pictures are drawn too.
    """

    def __init__(self, occlusion: bool = True, blurs: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.occlusion, self.blurs = occlusion, blurs

    def call(self, factors: Tensors, observation: Tensors) -> Tensors:
        """Renders the observation, for the finest depths and for L - 1 coarser ones.

        Args:
          factors: `log_depth` `[B,F,H,W,1]`, `rotation` and `translation` `[B,F-1,3]`, and maybe
            `coarse_log_depth` `[B,F,H,W,L-1]`, as of `generators.depth_motion`.
          observation: `frames` `[B,F,H,W,3]`, `focal` and `principal_point` `[B,2]`.

        Returns:
          float32 tensors `[B,L,2,F-1,H,W,...]`. Of the two, the first are frames 0 to F - 2 as the
          next frame shows them, the second frames 1 to F - 1 as the previous one does:

          - `views`, `... 3 (1 + blurs)]`: pictures and their blurred copies;
          - `valid`, `... 1]`: 1 where the other frame shows the point, else 0;
          - `disagreement`, `... 1]`: difference of the depth and of that of the other frame where
            they meet, by their sum; 0 where the point leaves the other frame.

          `log_depth` `[B,L,F,H,W,1]`, of all levels, and `guess` and `flow`, if there are any: as
          they came. With `flow` goes `rigid_flow` `[B,2,F-1,H/8,W/8,2]`: the same as the finest
          depths and the motions tell it, in pixels, NaN for places that leave the other frame.
        """
        frames = clip_with_blurred(observation["frames"], self.blurs)
        log_depth = tf.transpose(_levels(factors), (0, 4, 1, 2, 3))[..., None]
        levels, count = log_depth.shape[1], frames.shape[1]
        rotation = rigid.rotation_from_axis_angle(tf.cast(factors["rotation"], tf.float32))
        translation = tf.cast(factors["translation"], tf.float32)
        there_from_here = [(rotation, translation), rigid.inverse(rotation, translation)]

        def both_ways(clip, first: int):
            """`[B, L, F, ...]` -> `[B, L, 2, F - 1, ...]`: here if `first` is 0, there if 1."""
            halves = clip[:, :, : count - 1], clip[:, :, 1:]
            return tf.stack([halves[first], halves[1 - first]], axis=2)

        def for_all_levels(values):
            return tf.repeat(values[:, None], levels, axis=1)

        depth = tf.exp(log_depth)
        pictures = both_ways(for_all_levels(frames), 1)
        motion = [for_all_levels(tf.stack(parts, axis=1)) for parts in zip(*there_from_here)]
        lens = [
            tf.broadcast_to(observation[name][:, None, None, None, :], (*_shape(motion[1])[:-1], 2))
            for name in ("focal", "principal_point")
        ]
        given = (pictures, both_ways(depth, 1), both_ways(depth, 0), *motion, *lens)
        warped = warp(*(folded(part, 4) for part in given))
        difference = tf.abs(warped.depth - warped.depth_there)
        disagreement = warped.inside * difference / (warped.depth + warped.depth_there)
        valid = warped.valid if self.occlusion else warped.inside
        rendered = {"views": warped.image, "valid": valid, "disagreement": disagreement}
        clips = (-1, levels, 2, count - 1)
        told = {name: factors[name] for name in ("guess", "flow") if name in factors}
        if "flow" in told:
            flow = _flow_of_places(warped)
            told["rigid_flow"] = tf.reshape(flow, (*clips, *flow.shape[1:]))[:, 0]
        return {
            **told,
            **{
                name: tf.reshape(part, (*clips, *part.shape[1:])) for name, part in rendered.items()
            },
            "log_depth": log_depth,
        }

    def get_config(self):
        return {**super().get_config(), "occlusion": self.occlusion, "blurs": self.blurs}


def painted_clips(factors: Tensors, observation: Tensors) -> Tensors:
    """Clips that remembered depths and motions make of single pictures: R(m).

    The middle frame is that of another clip of the batch. Those before and after it are drawn from
    their neighbour on the middle's side, as if its picture were painted on the remembered depths.

    Args:
      factors: of one remembered clip after the other, `log_depth` `[B,F,H,W,1]`, without gaps;
        `rotation` and `translation` `[B,F-1,3]`; and its lens, `focal` and `principal_point`
        `[B,2]`.
      observation: whose `frames` `[B,F,H,W,3]` are painted.

    Returns:
      An observation of as many clips; `guess` `[B,F-1,H/8,W/8,1]`, the log depth of `places` of all
      frames but the last; and `flow` `[B,2,F-1,H/8,W/8,2]`, in pixels, of places to the next frame
      and to the previous one; NaN where it is unknown.
    """
    pictures = tf.roll(observation["frames"], 1, axis=0)
    depth = tf.exp(factors["log_depth"])
    rotation = rigid.rotation_from_axis_angle(factors["rotation"])
    translation = factors["translation"]
    lens = {name: factors[name] for name in ("focal", "principal_point")}
    count = depth.shape[1]
    middle = count // 2
    frames = {middle: pictures[:, middle]}
    drawn = {}
    for k in range(middle - 1, -1, -1):
        motion = rotation[:, k], translation[:, k]
        drawn[k] = warp(frames[k + 1], None, depth[:, k], *motion, *lens.values())
        frames[k] = drawn[k].image
    for k in range(middle + 1, count):
        motion = rigid.inverse(rotation[:, k - 1], translation[:, k - 1])
        drawn[k] = warp(frames[k - 1], None, depth[:, k], *motion, *lens.values())
        frames[k] = drawn[k].image
    flow = {k: _flow_of_places(each) for k, each in drawn.items()}
    unknown = tf.fill(tf.shape(flow[0]), float("nan"))
    to_next = [flow[k] if k < middle else unknown for k in range(count - 1)]
    to_previous = [flow[k] if k > middle else unknown for k in range(1, count)]
    return {
        **lens,
        "guess": places.means_of_frames(factors["log_depth"][:, :-1]),
        "frames": tf.stack([frames[k] for k in range(count)], axis=1),
        "flow": tf.stack([tf.stack(way, axis=1) for way in (to_next, to_previous)], axis=1),
    }


def _flow_of_places(drawn: Warped) -> tf.Tensor:
    """`[B, h, w, 2]` in pixels, NaN for places of which some is out of sight."""
    seen = places.means(drawn.inside) == 1.0
    return tf.where(seen, places.means(drawn.flow), float("nan"))


def clip_with_blurred(frames: tf.Tensor, blurs: int) -> tf.Tensor:
    """`[B, F, H, W, 3]` -> float32 `[B, F, H, W, 3 (1 + blurs)]`: see `with_blurred`."""
    copies = with_blurred(folded(tf.cast(frames, tf.float32), 2), blurs)
    return tf.reshape(copies, (-1, frames.shape[1], *copies.shape[1:]))


def _levels(factors: Tensors) -> tf.Tensor:
    """Log depths `[B, F, H, W, L]`, the finest first."""
    names = ("log_depth", "coarse_log_depth")
    return tf.concat([tf.cast(factors[n], tf.float32) for n in names if n in factors], axis=-1)


def _shape(tensor: tf.Tensor) -> list:
    """Sizes of all dimensions, of which the first may be known in the graph only."""
    return [tf.shape(tensor)[0], *tensor.shape[1:]]


def folded(tensor: tf.Tensor, axes: int) -> tf.Tensor:
    """The first `axes` dimensions as one."""
    return tf.reshape(tensor, (-1, *tensor.shape[axes:]))
