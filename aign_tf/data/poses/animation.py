"""Frames to files that any viewer plays: GIF and MP4."""

from __future__ import annotations

import os

import cv2
import numpy as np
from PIL import Image

from aign_tf.errors import UserError
from aign_tf.files import replacing

MAX_FRAMES = 600
MAX_GIF_FPS, MAX_MP4_FPS = 50, 120


def write_gif(path: str | os.PathLike, frames: np.ndarray, fps: float) -> None:
    """Writes an endless loop.

    All frames share one palette of 256 colours, so still parts do not flicker. Frames that equal
    the one before are stored as one that is shown for longer.

    Args:
      path: of the file, whole or absent.
      frames: uint8 `[F, H, W, 3]`, 1 to `MAX_FRAMES` of them.
      fps: frames a second, at most 50; the format rounds a frame's time to hundredths of a second.

    Raises:
      UserError: too many frames, or `fps` out of range.
    """
    _check(path, frames, fps, most_fps=MAX_GIF_FPS)
    # A few frames, side by side, have about the colours of all.
    sample = np.hstack(frames[:: max(1, len(frames) // 8)])
    # Maximum coverage, not median cut: white paper stays white.
    palette = Image.fromarray(sample).quantize(256, Image.Quantize.MAXCOVERAGE)
    first, *rest = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    )
    with replacing(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=10 * round(100 / fps),
            loop=0,
        )


def write_mp4(path: str | os.PathLike, frames: np.ndarray, fps: float) -> None:
    """Writes MPEG-4 video. Odd sides grow by a repeated row or column: codecs want even ones.

    Args:
      path: of the file, whole or absent; ends in ".mp4".
      frames: uint8 `[F, H, W, 3]`, 1 to `MAX_FRAMES` of them.
      fps: frames a second, at most 120.

    Raises:
      UserError: too many frames, `fps` out of range, or the video cannot be opened for writing.
    """
    _check(path, frames, fps, most_fps=MAX_MP4_FPS)
    _, height, width, _ = frames.shape
    grow = (0, height % 2), (0, width % 2), (0, 0)
    size = (width + width % 2, height + height % 2)
    with replacing(path) as temporary:
        codec = cv2.VideoWriter_fourcc(*"mp4v")
        video = cv2.VideoWriter(str(temporary), cv2.CAP_FFMPEG, codec, fps, size)
        if not video.isOpened():
            raise UserError(
                f"{path}: cannot write this video; the name must end in .mp4, its folder must be "
                "writable, and OpenCV needs FFmpeg (pip install opencv-python-headless)"
            )
        for frame in frames:
            video.write(np.pad(frame[..., ::-1], grow, mode="edge"))
        video.release()


def _check(path: str | os.PathLike, frames: np.ndarray, fps: float, most_fps: float) -> None:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise ValueError(f"frames must be uint8 [F, H, W, 3], not {frames.dtype} {frames.shape}")
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise UserError(f"{path}: {len(frames)} frames; an animation has 1 to {MAX_FRAMES}")
    if not 1 <= fps <= most_fps:
        raise UserError(f"{path}: {fps:g} frames a second; use 1 to {most_fps:g}")
