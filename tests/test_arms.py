"""Other trainings to compare with, as overrides of any task that lifts."""

import dataclasses

import pytest

from aign_tf import arms
from aign_tf.config import LossConfig, TrainConfig, override, setting

MORE = {"data.pairs": 0.5}


@dataclasses.dataclass(frozen=True)
class DataConfig:
    pairs: float = setting(1.0, "share of pairs", most=1)


@dataclasses.dataclass(frozen=True)
class Config:
    data: DataConfig = DataConfig()
    loss: LossConfig = LossConfig(
        reprojection_weight=3.0, adversarial_weight=0.2, recall_weight=0.5
    )
    train: TrainConfig = TrainConfig()


CONFIG = Config()


def lifted(percents=(1, 100), config=CONFIG):
    return {name: override(config, values) for name, values in arms.lifting(percents, MORE).items()}


def weights(config):
    """Of re-projection, adversary, recall and pairs; the share of pairs."""
    loss = config.loss
    return (
        *(loss.reprojection_weight, loss.adversarial_weight, loss.recall_weight),
        *(loss.paired_weight, config.data.pairs),
    )


def test_every_arm_by_hand():
    assert {name: weights(config) for name, config in lifted().items()} == {
        "reconstruction": (3, 0, 0, 0, 1),
        "recall_only": (3, 0, 1, 0, 1),
        "adversary_only": (3, 1, 0, 0, 0.5),
        "supervised_1": (0, 0, 0, 1, 0.01),
        "supervised_100": (0, 0, 0, 1, 1),
        "with_pairs_1": (3, 0.2, 0.5, 1, 0.01),
    }


def test_the_adversary_alone_is_a_strong_one():
    for name, config in lifted().items():
        alone = name == "adversary_only"
        assert (config.loss.adversarial == "hinge") == alone
        assert (config.train.generator_lr == 3e-4) == alone


@pytest.mark.parametrize("percents", [(), (10,), (1, 10, 100)])
def test_a_training_with_pairs_has_unpaired_arms_without(percents):
    """But for the strong adversary, an arm does not depend on how the run itself was trained."""
    loss = dataclasses.replace(Config().loss, paired_weight=1.0)
    found = lifted(percents, dataclasses.replace(Config(), loss=loss))
    assert list(found)[:3] == ["reconstruction", "recall_only", "adversary_only"]
    paired = [name for name, config in found.items() if config.loss.paired_weight > 0]
    assert paired == list(found)[3:]


def test_no_percents_leave_out_what_needs_a_truth():
    assert list(lifted(())) == ["reconstruction", "recall_only", "adversary_only"]


def test_all_pairs_are_an_arm_on_their_own_only():
    assert "with_pairs_100" not in lifted() and "supervised_100" in lifted()
