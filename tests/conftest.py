"""What every test stands on: quiet, seeded, and real data only where somebody has put it."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis
import keras
import pytest
from absl import logging

from tests import commands

# The same examples in every run: a test that fails, fails for everybody.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

# Commands tell what they do; tests of what is told call parts of them.
logging.set_verbosity(logging.INFO)

DATA = pathlib.Path(__file__).parents[1] / "../shared/data"


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def command(tmp_path_factory):
    """Runs `python -m tools.NAME ARGUMENTS`: exit code, stdout, stderr."""
    with commands.served(tmp_path_factory.mktemp("streams")) as run:
        yield run


@pytest.fixture(scope="session")
def faces_london():
    """Folder of 244 real faces, where present."""
    return _present("faces_london", "the London face set is")


@pytest.fixture(scope="session")
def cmu_poses():
    """File of 96 recorded motions, where present."""
    return _present("cmu_mocap/poses_17j.npz", "the CMU motions are")


@pytest.fixture(scope="session")
def ict_face68():
    """File of a linear model of 68 landmarks, where present."""
    return _present("ict_face68/ict68.npz", "the ICT-FaceKit landmarks are")


def _present(name, what):
    if not (DATA / name).exists():
        pytest.skip(f"{what} not on this machine")
    return DATA / name


def pytest_configure(config):
    """Two logical CPU devices, so that distribution is tested on any machine."""
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
