"""Small files of which the tests of layouts build trees."""

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation


def picture(path, size=(8, 6), value=0):
    """A picture of one grey value; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value,) * 3).save(path)
    return path


def depth_map(path, values):
    """A PNG of 16 bits with the values `[h, w]`; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint16)).save(path)
    return path


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def table(path, values, header=""):
    """Rows of numbers, after a header; returns its path."""
    content = "\n".join(" ".join(f"{value:.17g}" for value in row) for row in values)
    return text(path, f"{header}\n{content}\n" if header else content + "\n")


def poses(count, seed=0):
    """Rigid motions `[count, 4, 4]`."""
    rng = np.random.default_rng(seed)
    motions = np.tile(np.eye(4), (count, 1, 1))
    motions[:, :3, :3] = Rotation.from_rotvec(rng.normal(size=(count, 3))).as_matrix()
    motions[:, :3, 3] = rng.normal(size=(count, 3))
    return motions
