"""What is hidden of a face: a region, a box that a person chose, or random strokes."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from aign_tf.data import holes
from aign_tf.data.faces import REGIONS, FaceSet
from aign_tf.errors import UserError

BOX, FREE = "box", "free"
HIDDEN = (*REGIONS, BOX, FREE)


@dataclasses.dataclass(frozen=True)
class Hiding:
    """One way to hide part of a face.

    Attributes:
      region: of `REGIONS`, or `BOX`, or `FREE` for random strokes.
      box: `x0 y0 x1 y1` in shares of the side: the hole for `BOX`, and for a photo of which nothing
        was measured; "" is the template of an aligned face.
      size: side S of the pictures in pixels.
    """

    region: str
    box: str
    size: int

    def __post_init__(self):
        if self.region not in HIDDEN:
            raise ValueError(f"no region {self.region!r}")

    def boxes(self, faces: FaceSet) -> np.ndarray:
        """Hole boxes float32 `[N, 4]` in pixels; for `FREE` the whole pictures, and not used."""
        if self.region in REGIONS:
            return holes.hole_boxes(faces, self.region)
        box = self.box if self.region == BOX else "0 0 1 1"
        return holes.fixed_box(box, len(faces), self.size)

    def visibility(self, boxes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Masks `[B, S, S, 1]` of holes `[B, 4]`, 1 where visible; `seed` (`[2]`) is for `FREE`."""
        if self.region == FREE:
            return holes.stroke_visibility(len(boxes), self.size, seed)
        return holes.box_visibility(boxes, self.size)

    def usual_box(self, faces: FaceSet) -> str:
        """Where the hole is as a rule: the median over `faces`, written like `box`."""
        shares = np.median(self.boxes(faces), axis=0) / self.size
        return " ".join(f"{share:.4g}" for share in shares)

    def of_a_photo(self) -> np.ndarray:
        """The mask `[1, S, S, 1]` for a face of which nothing was measured.

        Raises:
          UserError: strokes were trained on, and a person has to say what to complete.
        """
        if self.region == FREE:
            raise UserError(
                f"say what to complete: --set=region= with {', '.join(REGIONS)} or {BOX}, or a "
                "picture that is white there, --set=mask=PATH"
            )
        template = " ".join(map(str, holes.TEMPLATE.get(self.region, ())))
        boxes = holes.fixed_box(self.box or template, 1, self.size)
        return holes.box_visibility(boxes, self.size).numpy()
