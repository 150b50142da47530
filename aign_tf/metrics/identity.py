"""Whether two pictures show the same person, by a small network trained inside an evaluation.

A biased memory changes faces; this says how much of the person it leaves. Small networks know few
people: each says how well it tells apart people whom it never saw, and no similarity should be read
without that. They compute in float32 and leave the global random state alone.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from aign_tf import compat
from aign_tf.layers import Float32Layer
from aign_tf.metrics.image import as_float
from aign_tf.metrics.small_networks import dense, fit, predict, trunk, vary

STEPS = 500
PEOPLE = 32  # in a batch, with two pictures of each
WIDTH = 64  # of the vectors
TEMPERATURE = 0.1
# left, right, top and bottom of the oval that is looked at, as shares of the picture's side
OVAL = (0.25, 0.75, 0.2, 0.9)


@dataclasses.dataclass(frozen=True)
class IdentityNetwork:
    """Describes who is in a picture, by a direction: the smaller the angle, the more alike.

    `similarity` and `similarity_to` compare directions.

    The numbers are of two pictures of each held-out person; they are NaN where fewer than two
    people have two held-out pictures.

    Attributes:
      name: what it is, for tables.
      model: Keras model from pictures in [-1, 1] to unit vectors `[B, d]`.
      same: mean cosine between two pictures of one person.
      strangers: mean cosine between pictures of different people.
      accuracy: how often a picture is nearer to the other one of the same person than to one of
        a stranger (the area under the ROC curve, as a mean over pictures); a coin gets 0.5.
    """

    name: str
    model: keras.Model
    same: float = float("nan")
    strangers: float = float("nan")
    accuracy: float = float("nan")

    def __call__(self, images) -> np.ndarray:
        """Unit vectors `[B, d]` of pictures `[B, S, S, 3]`, uint8 or in [-1, 1]."""
        return predict(self.model, images)


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosines `[B]` between unit vectors a[i] and b[i], both `[B, d]`."""
    return np.sum(a * b, axis=1)


def similarity_to(vectors: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Cosines `[B]` between unit vectors `[B, d]` and the mean direction of references `[R, d]`."""
    mean = references.mean(axis=0)
    return vectors @ (mean / np.linalg.norm(mean))


@compat.precision("float32")
def train_identity_network(
    images: np.ndarray,
    person: np.ndarray,
    held_out: tuple[np.ndarray, np.ndarray],
    seed: int = 0,
    steps: int = STEPS,
) -> IdentityNetwork | None:
    """Trains a network to find, among pictures of many people, the other one of the same person.

    It looks at the face alone, an oval around the middle of the aligned picture: a wall or clothes
    that both pictures share would be easier to recognise than who stands there. What differs
    between the pictures of a person, such as smile or age, it learns to see past.

    The loss is the normalised, temperature-scaled cross entropy of Chen et al., "A simple framework
    for contrastive learning of visual representations", 2020, equation 1, with pictures of people
    in the place of views of pictures. Of people with one picture nothing can be learnt: they are
    left out, of training and of what is held out.

    Args:
      images: uint8 `[N, S, S, 3]`, aligned faces.
      person: who they show, `N` strings.
      held_out: (images, person) of other people, for `same`, `strangers` and `accuracy`.
      seed: of initial weights and batches. The same seed gives the same network on the same
        machine.
      steps: number of batches.

    Returns:
      The network, or None where fewer than two people have two pictures or more.
    """
    people = _people_seen_twice(person)
    if len(people) < 2:
        return None
    pictures = keras.Input(images.shape[1:])
    vectors = dense(trunk(FaceOval()(pictures), seed)[-1], WIDTH, seed)
    model = keras.Model(pictures, keras.layers.UnitNormalization()(vectors))

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = rng.choice(len(people), min(PEOPLE, len(people)), replace=False)
        rows = _two_of_each([people[k] for k in chosen], rng)
        return _shift(vary(as_float(images[rows]), rng), rng), _partners(len(rows))

    fit(model, _contrastive_loss, draw, seed, steps)
    name = f"embedding of a small network trained in this call to tell {len(people)} people apart"
    network = IdentityNetwork(name, model)
    seen, who = held_out
    strangers = _people_seen_twice(who)
    if len(strangers) < 2:
        return network
    rows = _two_of_each(strangers, np.random.default_rng(seed))
    return dataclasses.replace(network, **_told_apart(network(seen[rows])))


class FaceOval(Float32Layer):
    """What is inside `OVAL`, cut out of pictures `[B, S, S, 3]`; mid-grey (0) around it."""

    def call(self, pictures: tf.Tensor) -> tf.Tensor:
        side = pictures.shape[1]
        left, right, top, bottom = (round(share * side) for share in OVAL)
        y, x = np.mgrid[top:bottom, left:right] + 0.5
        across = (2 * x - left - right) / (right - left)
        down = (2 * y - top - bottom) / (bottom - top)
        inside = (across**2 + down**2 < 1).astype(np.float32)
        return pictures[:, top:bottom, left:right] * inside[..., None]


def _people_seen_twice(person: np.ndarray) -> list[np.ndarray]:
    """The rows of each person who has two or more."""
    _, whose, counts = np.unique(person, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(whose, kind="stable"), np.cumsum(counts)[:-1])
    return [group for group in rows if len(group) > 1]


def _two_of_each(people: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Rows `[2 P]`: one picture of each of the people, then another of each."""
    return np.transpose([rng.choice(rows, 2, replace=False) for rows in people]).ravel()


def _partners(count: int) -> np.ndarray:
    """Where, among `_two_of_each`, the other picture of each picture's person is."""
    return np.roll(np.arange(count), count // 2)


def _shift(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Moves each picture a little: faces are never aligned to the pixel."""
    # What leaves one side comes in on the other, but not as far as the oval.
    reach = pictures.shape[1] // 32
    shifts = rng.integers(-reach, reach + 1, (len(pictures), 2))
    return np.stack([np.roll(picture, by, (0, 1)) for picture, by in zip(pictures, shifts)])


def _contrastive_loss(partners: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    """Cross entropy `[B]` of choosing each picture's partner among all others by cosine."""
    cosines = tf.matmul(vectors, vectors, transpose_b=True)
    others = cosines / TEMPERATURE - 1e9 * tf.eye(tf.shape(vectors)[0])
    return keras.losses.sparse_categorical_crossentropy(
        tf.reshape(partners, [-1]), others, from_logits=True
    )


def _told_apart(vectors: np.ndarray) -> dict[str, float]:
    """`same`, `strangers` and `accuracy` from unit vectors `[2 P, d]` of `_two_of_each`."""
    cosines = vectors @ vectors.T
    count = len(cosines)
    itself = np.eye(count, dtype=bool)
    partner = itself[_partners(count)]
    same = cosines[partner][:, None]
    strangers = cosines[~itself & ~partner].reshape(count, count - 2)
    nearer = np.mean(strangers < same) + np.mean(strangers == same) / 2
    return {
        "same": float(same.mean()),
        "strangers": float(strangers.mean()),
        "accuracy": float(nearer),
    }
