"""Other ways to train a generator, to compare with in evaluations: arm -> what it sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

# Of generators that enlarge pictures. What `cycle` sets beside its name is the task's renderer.
ENLARGING = {
    "unpaired": {},
    "paired": {
        "loss.paired_weight": 1.0,
        "loss.reprojection_weight": 0.0,
        "loss.adversarial_weight": 0.001,
    },
    "cycle": {"loss.paired_weight": 0.0},
    "reconstruction": {"loss.adversarial_weight": 0.0, "loss.paired_weight": 0.0},
}

ENLARGING_MEANINGS = {
    "reconstruction": "the same network, trained without an adversary and so without a memory",
    "paired": "the same network, trained on the true large faces and the adversary",
    "cycle": "the same network, trained together with a network in place of the renderer",
}

_UNPAIRED = {"loss.paired_weight": 0.0}
_NO_ADVERSARY = {"loss.adversarial_weight": 0.0, **_UNPAIRED}

# To teach depths alone.
_STRONG_ADVERSARY = {
    "loss.adversarial": "hinge",
    "loss.adversarial_weight": 1.0,
    "loss.r1": 0.02,
    "train.generator_lr": 3e-4,
    "train.discriminator_lr": 1e-3,
}


def lifting(
    percents: Sequence[int], adversary: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, dict[str, Any]]:
    """Name -> overrides of the config, for generators that lift points to 3D.

    Args:
      percents: of the training observations whose truth supervised arms are given; 100 does not
        make an unpaired arm with pairs, and no percents at all leave out what needs a truth.
      adversary: further overrides of the arm that learns from an adversary alone.
    """
    arms = {
        "reconstruction": {**_NO_ADVERSARY, "loss.recall_weight": 0.0},
        "recall_only": {**_NO_ADVERSARY, "loss.recall_weight": 1.0},
        "adversary_only": {
            "loss.recall_weight": 0.0,
            **_UNPAIRED,
            **_STRONG_ADVERSARY,
            **adversary,
        },
    }
    supervised = {
        **arms["reconstruction"],
        "loss.paired_weight": 1.0,
        "loss.reprojection_weight": 0.0,
    }
    for percent in percents:
        arms[f"supervised_{percent}"] = {**supervised, "data.pairs": percent / 100}
    for percent in percents:
        if percent < 100:
            few = {"loss.paired_weight": 1.0, "data.pairs": percent / 100}
            arms[f"with_pairs_{percent}"] = few
    return arms
