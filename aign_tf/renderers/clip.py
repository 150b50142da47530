"""Each frame of a clip of video, drawn from its neighbours."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf import places, rigid
from aign_tf.layers import Float32Layer
from aign_tf.photometry import with_blurred
from aign_tf.renderers.warp import flow_inside, warp

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

          `log_depth` `[B,L,F,H,W,1]`, of all levels, and `guess`, `flow`, `too_far`, if there are
          any: as they came. With `flow` goes `rigid_flow` `[B,2,F-1,H/8,W/8,2]`: the same as the
          finest depths and the motions tell it, in pixels, NaN for places that leave the other
          frame.
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
        told = {name: factors[name] for name in ("guess", "flow", "too_far") if name in factors}
        if "flow" in told:
            flow = places.means(flow_inside(warped))
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
