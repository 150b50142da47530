"""How good faces are that were made of small pictures: faithful, sharp, biased, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from aign_tf import visualize
from aign_tf.data.face_roles import FaceRoles
from aign_tf.data.faces import FaceSet
from aign_tf.metrics.face_judge import FaceJudge, JudgeConfig
from aign_tf.metrics.identity import (
    IdentityNetwork,
    similarity,
    similarity_to,
    train_identity_network,
)
from aign_tf.metrics.image import as_float, psnr_db, ssim

UNLIKE, LIKE = "unlike_memory", "like_memory"

MEANINGS = {
    "bicubic": "the input, enlarged by bicubic interpolation",
    "originals": "the true large faces",
    "memory": "real faces of the memory",
    "rerender_psnr_db": (
        "what the renderer makes of the face against the input, in dB; higher is more faithful, "
        "at most 100"
    ),
    "psnr_db": "face against the original, in dB; a biased memory lowers it on purpose",
    "ssim": "structural similarity to the original, at most 1; a biased memory lowers it too",
    "identity": (
        "cosine of a small network's embeddings of the face and of the original, at most 1; the "
        "network is described below"
    ),
    "person_similarity": "the same cosine, to the one person remembered",
    f"bias_rate_{UNLIKE}": "`bias_rate` of the faces whose originals are not what was asked for",
}


class EnlargedFaces:
    """Compares large faces of N people with what is known of them.

    Args:
      roles: observed and remembered faces; their training split teaches the networks that judge.
      split: the held-out split whose observed faces are examined.
      samples: how many of them at most.
      observe: faces -> observation, with `image` `[N, s, s, C]` in [-1, 1].
      render: renderer, `(factors with face, observation) -> dict` with `image`.
      config: of the judge.

    Attributes:
      observation: of the N faces.
      original: the true large faces `[N, S, S, 3]` in [-1, 1].
      matches: bool `[N]`, who looks like the memory already.
      notes: how well the networks judge.
    """

    def __init__(
        self,
        roles: FaceRoles,
        split: str,
        samples: int,
        observe: Callable[[FaceSet], dict[str, np.ndarray]],
        render: Callable,
        config: JudgeConfig,
    ):
        part, train = roles.in_split(split), roles.in_split("train")
        faces = part.observed.head(samples)
        self.observation, self.original = observe(faces), as_float(faces.images)
        self.matches = part.matches[:samples]
        self._render = render
        self._judge = FaceJudge(roles, split, "", config)
        images, person = _people(train, memory=True)
        # A memory that is the same in every split shows nobody new.
        held_out = _people(part, memory=not roles.keeps_memory_whole)
        new = ~np.isin(person, held_out[1])
        self._identity = train_identity_network(images[new], person[new], held_out)
        # What every candidate is compared with is looked at once.
        one = self._identity and roles.shows_one_person
        self._person = self._identity(train.memory.images) if one else None
        self._who = self._identity(self.original) if self._identity else None
        self.notes = {**self._judge.notes, **_notes(self._identity)}

    def compare(self, candidates: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """`metrics` of candidates by name, of the originals and of the memory."""
        return {
            **{name: self.metrics(faces) for name, faces in candidates.items()},
            "originals": self.metrics(self.original),
            "memory": self.of_memory(),
        }

    def metrics(self, faces: np.ndarray) -> dict[str, float]:
        """Means over all faces `[N, S, S, 3]` in [-1, 1].

        Returns:
          `rerender_psnr_db` of what the renderer makes of the faces against what was observed;
          `psnr_db` and `ssim` against the original; `identity`, the cosine of embeddings to the
          original; `person_similarity` to the one person remembered; what `judge` finds; and
          `bias_rate_unlike_memory`, the bias rate where it is not that of the input, if some
          inputs look like the memory.
        """
        scores = self._scores(faces, np.ones(len(faces), bool))
        if self._has_both:
            bias = self._judge.bias(faces[~self.matches])
            scores.update({f"{name}_{UNLIKE}": value for name, value in bias.items()})
        return scores

    def of_memory(self) -> dict[str, float]:
        """The metrics that apply to any faces, of those remembered in training."""
        scores = self._judge.score_memory(len(self.original))
        if self._person is not None and len(self._person) > 1:
            others = self._person.sum(axis=0) - self._person  # Nobody is compared with itself.
            others /= np.linalg.norm(others, axis=1, keepdims=True)
            scores["person_similarity"] = float(np.mean(similarity(self._person, others)))
        return scores

    @property
    def _has_both(self) -> bool:
        return self.matches.any() and not self.matches.all()

    def groups(self, faces: np.ndarray) -> dict[str, dict[str, float]]:
        """`metrics` of those who look like the memory already and of those who don't, if any."""
        groups = {UNLIKE: ~self.matches, LIKE: self.matches} if self._has_both else {}
        return {
            name: {"samples": float(rows.sum()), **self._scores(faces, rows)}
            for name, rows in groups.items()
        }

    def sheet(self, candidates: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """uint8 `[H, W, 3]`: what was seen of `some` faces, candidates, and the originals."""
        rows = self.some(count)
        seen = self.observation["image"]
        columns = {"observation": seen, **candidates, "original": self.original}
        return visualize.captioned_grid({name: part[rows] for name, part in columns.items()})

    def some(self, count: int) -> np.ndarray:
        """Rows of at most `count` faces to look at, half of them unlike the memory if they can."""
        unlike, like = np.flatnonzero(~self.matches), np.flatnonzero(self.matches)
        return np.concatenate([unlike[: max(count // 2, count - len(like))], like])[:count]

    def _scores(self, faces: np.ndarray, rows: np.ndarray) -> dict[str, float]:
        faces, original = faces[rows], self.original[rows]
        rendered = self._render({"face": faces}, {})["image"]
        each = {
            "rerender_psnr_db": psnr_db(rendered, self.observation["image"][rows]),
            "psnr_db": psnr_db(faces, original),
            "ssim": ssim(faces, original),
        }
        if self._identity:
            vectors = self._identity(faces)
            each["identity"] = similarity(vectors, self._who[rows])
            if self._person is not None:
                each["person_similarity"] = similarity_to(vectors, self._person)
        scores = {name: float(np.mean(values)) for name, values in each.items()}
        return {**scores, **self._judge.score(faces)}


def _people(roles: FaceRoles, memory: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, and who they show, of the observed and, if asked for, the remembered."""
    faces = [roles.observed, roles.memory] if memory else [roles.observed]
    images, person = zip(*((part.images, part.person) for part in faces))
    return np.concatenate(images), np.concatenate(person)


def _notes(identity: IdentityNetwork | None) -> dict[str, Any]:
    if identity is None:
        return {"identity": "unknown: no two people with two training pictures each"}
    return {
        "identity": identity.name,
        "identity_of_same_person": identity.same,
        "identity_of_strangers": identity.strangers,
        "identity_accuracy": identity.accuracy,
    }


def bicubic(small: np.ndarray, size: int) -> np.ndarray:
    """Pictures `[N, s, s, C]`, enlarged to `[N, size, size, 3]`, clipped to [-1, 1]."""
    large = tf.image.resize(small, (size, size), "bicubic").numpy()
    return np.broadcast_to(large.clip(-1, 1), (*large.shape[:3], 3))
