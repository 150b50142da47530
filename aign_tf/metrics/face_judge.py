"""How far faces lie on the memory's side, by networks trained in the call and held to account."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from aign_tf.config import setting
from aign_tf.data.face_roles import FaceRoles
from aign_tf.data.faces import FaceSet
from aign_tf.metrics import probes
from aign_tf.metrics.image import as_float
from aign_tf.metrics.kid import inception_features, kid

# Of the scores, for people.
MEANINGS = {
    "kid": (
        "Kernel Inception Distance to faces of the memory, on the features named below; may be "
        "negative, lower is better"
    ),
    "kid_deviation": "standard deviation of `kid` between subsets of the faces",
    "bias_rate": (
        "share of the faces that a network, trained on real ones, takes for the memory's; no "
        "better than the accuracy of that network"
    ),
    "region_height_px": (
        "mean height in pixels of the hidden part, as a network measures it; should be that "
        "of `memory`"
    ),
}


@dataclasses.dataclass(frozen=True)
class JudgeConfig:
    inception_weights: str = setting(
        "", "Keras weights file of InceptionV3 without its top, for kid; empty: a small network"
    )


class FaceJudge:
    """Scores pictures against a memory.

    The probes learn from training faces only, and `notes` reports how they do on held-out faces.
    The features of KID come from real held-out faces, or from Inception if its weights are given.
    There is no KID between fewer than two pictures, and no bias where all that was trained on is
    the memory's, or nothing.

    Args:
      roles: observed and remembered faces.
      split: the held-out split that is judged.
      region: part whose height is measured where the data has boxes for it, or "".
      config: which features KID is taken over.
      seed: of the probes.
    """

    def __init__(
        self, roles: FaceRoles, split: str, region: str, config: JudgeConfig, seed: int = 0
    ):
        train, held_out = roles.in_split("train"), roles.in_split(split)
        self._features = (
            inception_features(config.inception_weights)
            if config.inception_weights
            else probes.train_feature_network(_labelled(held_out)[0], seed=seed)
        )
        self._real = self._features(held_out.memory.images)
        self._memory, self._whole = train.memory, roles.keeps_memory_whole
        self._attribute = _attribute_probe(train, held_out, self._whole, seed)
        self._height = _height_probe(train, held_out, region, seed) if region else None
        self.notes: dict[str, Any] = {
            "kid_features": self._features.name,
        }
        if self._attribute:
            self.notes["bias_probe_balanced_accuracy"] = self._attribute.accuracy
        if self._whole:
            self.notes["memory"] = f"all {len(held_out.memory)} pictures, in training and here"
        if self._height:
            self.notes["height_probe_mean_absolute_error_px"] = self._height.mean_absolute_error

    def score(self, faces: np.ndarray) -> dict[str, float]:
        """Metrics of pictures `[B, S, S, 3]` in [-1, 1].

        Returns:
          `kid` to the held-out memory with `kid_deviation` over its subsets; `bias_rate`, the share
          that the probe assigns to the memory's side; and `region_height_px` where the region is
          measured.
        """
        scores = {}
        if min(len(faces), len(self._real)) > 1:
            scores["kid"], scores["kid_deviation"] = kid(self._features(faces), self._real)
        scores.update(self.bias(faces))
        if self._height:
            scores["region_height_px"] = float(np.mean(self._height.predict(faces)))
        return scores

    def bias(self, faces: np.ndarray) -> dict[str, float]:
        """The `bias_rate` of pictures `[B, S, S, 3]` alone, if there is one."""
        return {"bias_rate": self._attribute.share(faces)} if self._attribute else {}

    def score_memory(self, samples: int) -> dict[str, float]:
        """Metrics of at most so many faces that were remembered in training.

        Without KID where they are what it compares with.
        """
        scores = self.score(as_float(self._memory.head(samples).images))
        unfair = ("kid", "kid_deviation") if self._whole else ()
        return {name: value for name, value in scores.items() if name not in unfair}


def _attribute_probe(
    train: FaceRoles, held_out: FaceRoles, whole: bool, seed: int
) -> probes.AttributeProbe | None:
    """Tells the memory's side from the other, or None where training shows but one of them."""
    images, labels = _labelled(train)
    if labels.all() or not labels.any():
        return None
    # Held out is only who was not remembered in training.
    judged = (held_out.observed.images, held_out.matches) if whole else _labelled(held_out)
    return probes.train_attribute_probe(images, labels, held_out=judged, seed=seed)


def _height_probe(
    train: FaceRoles, held_out: FaceRoles, region: str, seed: int
) -> probes.SizeProbe | None:
    """Measures the height of a region, or None where the data has no boxes of it."""
    images, heights = _heights(train, region)
    others = _heights(held_out, region)
    if len(images) == 0 or len(others[0]) == 0:
        return None
    return probes.train_size_probe(images, heights, held_out=others, seed=seed)


def _labelled(roles: FaceRoles) -> tuple[np.ndarray, np.ndarray]:
    images = np.concatenate([roles.observed.images, roles.memory.images])
    return images, np.concatenate([roles.matches, np.ones(len(roles.memory), bool)])


def _heights(roles: FaceRoles, region: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures with a measured region, and the height of its box in pixels."""

    def measured(faces: FaceSet) -> tuple[np.ndarray, np.ndarray]:
        boxes = faces.boxes.get(region, np.full((len(faces), 4), np.nan, np.float32))
        known = np.isfinite(boxes).all(axis=1)
        return faces.images[known], boxes[known, 3] - boxes[known, 1]

    pairs = [measured(roles.observed), measured(roles.memory)]
    return tuple(np.concatenate(columns) for columns in zip(*pairs))
