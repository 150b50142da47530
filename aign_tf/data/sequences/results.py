"""Predicted depths and paths as files that a person, a 3D tool and a program can open."""

from __future__ import annotations

import collections
import pathlib

import cv2
import numpy as np

from aign_tf.data.pictures import in_parallel, write_picture
from aign_tf.data.poses import animation
from aign_tf.data.sequences.clouds import coloured_cloud, write_ply
from aign_tf.data.sequences.depth_files import MOST_MILLIMETRES, write_depth16
from aign_tf.data.splits import spaced
from aign_tf.depth_pictures import coloured, shared_range
from aign_tf.files import inside
from aign_tf.metrics.trajectory import plot, write_tum

_FILM_HEIGHT = 240  # pixels, about
_SAMPLED = 100  # frames that tell which depths there are


def write_results(
    output: pathlib.Path,
    name: str,
    frames: np.ndarray,
    depth: np.ndarray,
    poses: np.ndarray,
    focal: np.ndarray,
    principal_point: np.ndarray,
    fps: float,
    size: tuple[int, int],
) -> list[pathlib.Path]:
    """Writes what was predicted of one video to the folder `output`/`name`.

        depth/NNNNNN.png         16 bits, millimetres; what is farther than 65.535 m is 65535
        depth_colour/NNNNNN.png  near is bright, far is dark, with the same colours in all frames
        trajectory.txt           lines of the TUM RGB-D benchmark, world from camera, metres
        trajectory.png           the path from above and from the side
        cloud.ply                coloured points of all frames in the world, see `coloured_cloud`
        side_by_side.mp4         frames beside depths, of at most `animation.MAX_FRAMES` frames

    Each file is whole or absent.

    Args:
      output: a folder; it is made if need be.
      name: of the video; a slash makes a folder.
      frames: uint8 `[N, H, W, 3]`.
      depth: float32 `[N, H, W]`, positive, metres along the optical axis.
      poses: `[N, 4, 4]`, world from camera, metres.
      focal, principal_point: `[2]`, x and y, pixels of `frames`.
      fps: frames a second.
      size: width and height that the pictures of depth get, such as those of the video.

    Returns:
      The paths above: of two folders and four files.

    Raises:
      UserError: a file would lie outside `output`.
    """
    folder = inside(output, name)
    millimetres, colours = folder / "depth", folder / "depth_colour"
    text, picture = folder / "trajectory.txt", folder / "trajectory.png"
    cloud, film = folder / "cloud.ply", folder / "side_by_side.mp4"
    shown = shared_range(depth[spaced(len(depth), _SAMPLED)])

    def write_frame(frame: int) -> None:
        large, png = resized(depth[frame], size), f"{frame:06d}.png"
        write_depth16(millimetres / png, large, beyond=MOST_MILLIMETRES)
        write_picture(colours / png, coloured(large, *shown))

    collections.deque(in_parallel(write_frame, range(len(depth))), maxlen=0)
    write_tum(text, np.arange(len(poses)) / fps, poses)
    write_picture(picture, plot({"predicted": poses}))
    write_ply(cloud, *coloured_cloud(frames, depth, poses, focal, principal_point))
    some = slice(animation.MAX_FRAMES)
    panels = np.concatenate([frames[some], coloured(depth[some], *shown)], axis=2)
    animation.write_mp4(film, _enlarged(panels), np.clip(fps, 1, animation.MAX_MP4_FPS))
    return [millimetres, colours, text, picture, cloud, film]


def resized(depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Depth `[H, W]`, positive, in another size, width and height, bilinear in inverse depth.

    A plane in space is linear in inverse depth, and so remains one.
    """
    return 1 / cv2.resize(1 / depth, size, interpolation=cv2.INTER_LINEAR)


def _enlarged(film: np.ndarray) -> np.ndarray:
    """`[F, H, W, 3]` with each pixel repeated, so that small pictures make no tiny film."""
    times = max(1, round(_FILM_HEIGHT / film.shape[1]))
    return film.repeat(times, axis=1).repeat(times, axis=2)
