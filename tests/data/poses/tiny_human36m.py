"""Tiny copies of Human3.6M in the layout of 3d-pose-baseline, of random motions."""

import h5py
import numpy as np

from aign_tf.data.poses.human36m_camera import CAMERAS

MOVING = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
# Stacked Hourglass: right ankle, knee, hip, left hip, knee, ankle, pelvis, thorax, upper neck, head
# top, right wrist, elbow, shoulder, left shoulder, elbow, wrist; None: not one of the 17 joints.
AS_17 = [3, 2, 1, 4, 5, 6, 0, None, 8, 10, 16, 15, 14, 11, 12, 13]
FRAMES = 11


def draw_camera(rng):
    """Looks from 5 m at a person at the world's origin; upright but for a small random turn."""
    towards = np.array([*rng.normal(size=2), 0.1])
    forward = -towards / np.linalg.norm(towards)
    right = np.cross(forward, [0, 0, 1]) / np.linalg.norm(np.cross(forward, [0, 0, 1]))
    tilt = np.linalg.qr(np.eye(3) + 0.02 * rng.normal(size=(3, 3)))[0]
    tilt *= np.sign(np.diag(tilt))
    return {
        "R": tilt @ np.stack([right, np.cross(forward, right), forward]),
        "T": -5000 * forward[:, None],
        "f": np.array([[1145.0], [1144.0]]),
        "c": np.array([[512.5], [515.4]]),
        "k": np.array([[-0.207], [0.247], [-0.003]]),
        "p": np.array([[-0.01], [0.02]]),
    }


def to_camera(world, camera):
    """Millimetres `[..., 3]` in the world to metres in the frame of the camera."""
    return np.einsum("ij,...j->...i", camera["R"], world - camera["T"][:, 0]) / 1000


def project(points, camera):
    """Pixels, written out term by term from Human3.6M's camera model."""
    x, y = points[..., 0] / points[..., 2], points[..., 1] / points[..., 2]
    r2 = x**2 + y**2
    (k1, k2, k3), (p1, p2) = camera["k"][:, 0], camera["p"][:, 0]
    scale = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + p1 * y + p2 * x
    seen = np.stack([x * scale + p2 * r2, y * scale + p1 * r2], axis=-1)
    return camera["f"][:, 0] * seen + camera["c"][:, 0]


def write(file, name, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w") as stored:
        stored[name] = content


def write_cameras(folder, cameras):
    with h5py.File(folder / "cameras.h5", "w") as file:
        for (subject, number), camera in cameras.items():
            group = file.create_group(f"subject{subject}/camera{number}")
            for name, value in camera.items():
                group[name] = value.T if name == "R" else value
            codes = [[ord(digit)] for digit in CAMERAS[number - 1]]
            group["Name"] = np.array(codes, np.uint16)


def true_file(folder, subject, sequence):
    return folder / f"S{subject}/MyPoses/3D_positions/{sequence}.h5"


def detected_file(folder, subject, sequence, camera):
    return folder / f"S{subject}/StackedHourglass/{sequence}.{camera}.h5"


class TinyHuman36M:
    """Two takes of walking, truth and detections, of some subjects in four cameras.

    Attributes:
      cameras: (subject, number) -> parameters as Human3.6M has them.
      world: (subject, sequence) -> `[FRAMES, 32, 3]`, millimetres, z up.
    """

    def __init__(self, folder, subjects=(9, 11)):
        rng = np.random.default_rng(0)
        self.folder = folder
        self.cameras = {(s, number): draw_camera(rng) for s in subjects for number in (1, 2, 3, 4)}
        self.world = {}
        write_cameras(folder, self.cameras)
        for subject in subjects:
            for sequence in ("Walking", "Walking 1"):
                self.add(subject, sequence, sequence.replace(" ", "_"), rng)

    def add(self, subject, sequence, detected_sequence, rng):
        world = rng.uniform(-900, 900, (FRAMES, 32, 3))
        self.world[subject, sequence] = world
        write(true_file(self.folder, subject, sequence), "3D_positions", world.reshape(-1, 96).T)
        for number, name in enumerate(CAMERAS, 1):
            camera = self.cameras[subject, number]
            pixels = rng.uniform(0, 1000, (FRAMES, 16, 2))
            for source, target in enumerate(AS_17):
                if target is not None:
                    points = to_camera(world[:, MOVING[target]], camera)
                    pixels[:, source] = project(points, camera)
            write(detected_file(self.folder, subject, detected_sequence, name), "poses", pixels)

    def truth(self, recording):
        camera = self.cameras[int(recording.subject[1:]), CAMERAS.index(recording.camera) + 1]
        world = self.world[int(recording.subject[1:]), recording.sequence]
        return to_camera(world[::5, MOVING], camera)
