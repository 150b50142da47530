"""What holds for every generator that is written to a file."""

import keras
import numpy as np


def check_it_comes_back(network, observation, folder):
    """Exactly, from a .keras file."""
    network.save(folder / "generator.keras")
    again = keras.saving.load_model(folder / "generator.keras", compile=False)
    for name, factor in network(observation).items():
        np.testing.assert_array_equal(again(observation)[name], factor)
