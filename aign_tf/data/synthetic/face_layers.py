"""Painting a procedural portrait from back to front: wall, hair, body, head, hair again."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aign_tf.data.synthetic import face_features as features
from aign_tf.data.synthetic import face_geometry as geometry
from aign_tf.data.synthetic.face_features import LABELS, mixed, tinted
from aign_tf.data.synthetic.face_geometry import CHEEK_Y, CROWN_Y, EYE_Y, MOUTH_Y, NOSE_YAW, ramp
from aign_tf.data.synthetic.face_parameters import GREY_HAIR
from aign_tf.data.synthetic.shapes import Canvas, Spot, ellipse, line, profile, soft_spots

SHADE = (0.85, 1.0, 1.08)  # shaded skin stays warm: light scatters in it, red the furthest
BLUSH = (0.25, -0.55, -0.45)


def blank(f: SimpleNamespace, size: int) -> Canvas:
    """An empty canvas whose coordinates are those of the face."""
    centres = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5)[None]
    return Canvas(
        colour=np.empty((len(f.skin), 3, size, size), np.float32),
        labels=np.full((len(f.skin), size, size), LABELS["background"], np.uint8),
        x=(centres[:, None] - f.home_x - f.dx) / f.scale,
        y=(centres[:, :, None] - f.home_y - f.dy) / f.scale + 0.5,
        pixel=1 / (size * f.scale),
    )


def paint_portrait(f: SimpleNamespace, size: int) -> Canvas:
    canvas = blank(f, size)
    grey = ramp(f.age, 42, 78) * f.hair_grey
    hair = mixed(f.hair, np.array(GREY_HAIR, np.float32)[:, None, None], np.clip(grey, 0, 0.95))
    skin = aged_skin(f)
    mop = Hair(canvas, f, hair)
    paint_wall(canvas, f)
    mop.paint_back()
    paint_body(canvas, f, skin)
    head = paint_head(canvas, f, skin)
    features.paint_wrinkles(canvas, f)
    paint_beard(canvas, f, hair)
    features.paint_nose(canvas, f)
    features.paint_eyes(canvas, f)
    features.paint_brows(canvas, f, hair)
    features.paint_mouth(canvas, f)
    mop.paint_front(head)
    features.paint_glasses(canvas, f)
    return canvas


def aged_skin(f: SimpleNamespace) -> np.ndarray:
    """Skin grows duller with age."""
    grey = f.skin.mean(axis=1, keepdims=True) * np.ones((3, 1, 1), np.float32)
    return mixed(f.skin, grey * 0.94, 0.20 * ramp(f.age, 30, 80))


def paint_wall(canvas: Canvas, f: SimpleNamespace) -> None:
    lamp = Spot(0.45 * f.light_x, 0.2, 0.4, 0.5, 0.35)
    level = f.wall_shade * (1 - 0.25 * canvas.y)
    canvas.colour[:] = f.wall * (level[:, None] + soft_spots(canvas, [lamp]))


def paint_body(canvas: Canvas, f: SimpleNamespace, skin: np.ndarray) -> None:
    part = canvas.window(0, 0.68, 1, 1)
    width = 0.150 + 0.030 * (1 - f.female) + 0.8 * np.maximum(part.y - 0.93, 0)
    under_chin = 0.50 + 0.38 * ramp(part.y, f.chin_y, f.chin_y + 0.14)
    sideways = 1 + 0.25 * f.light_x * np.clip(part.x / 0.18, -1, 1)
    shade = (under_chin * sideways)[:, None]
    part.paint(part.fill(profile(part, width**2)), skin * shade, LABELS["skin"])
    collar = 0.955 + 0.09 * np.clip(1 - (part.x / 0.185) ** 2, 0, 1)
    collar = collar + 0.24 * np.maximum(np.abs(part.x) - 0.185, 0)
    below = line(part, collar)
    seam = 1 - 0.25 * part.stroke(below - 0.016, 0.003)
    part.paint(part.fill(-below), f.cloth * (seam * sideways)[:, None], LABELS["cloth"])


def paint_head(canvas: Canvas, f: SimpleNamespace, skin: np.ndarray) -> np.ndarray:
    """Paints ears and face, and returns the share `[B, h, w]` of each pixel that is face."""
    ears = canvas.window(0.1, 0.3, 0.9, 0.65).mirrored(f.head_width)
    size = f.ear_size
    ear = ellipse(ears, 0.012, 0.475, 0.030 * size, 0.066 * size)
    ears.paint(ears.fill(ear), tinted(skin, 0.86, 0.76, 0.72), LABELS["skin"])
    inner = ellipse(ears, 0.018, 0.465, 0.013 * size, 0.040 * size)
    ears.paint(ears.fill(inner) * 0.6, tinted(skin, 0.62, 0.48, 0.44))

    colour = skin * (1 + soft_spots(canvas, skin_spots(f)))
    head = canvas.fill(profile(canvas, geometry.head(f, canvas.y)))
    canvas.paint(head, colour, LABELS["skin"])
    return head


def skin_spots(f: SimpleNamespace) -> list[Spot]:
    """Light and shade of a face, lit from the side `light_x` and from above."""
    light, depth = f.light_x, f.contrast
    half_nose, tip = geometry.nose_tip(f)
    lip_bottom = geometry.lips(f, 0 * f.yaw)[3]
    smile = f.smiling * f.smile
    old = ramp(f.age, 35, 78)
    yaw, nose = f.yaw, NOSE_YAW * f.yaw
    spots = [
        Spot(0.16 * light, 0.40, 0.20, 0.30, 0.16 * depth),
        Spot(-0.30 * light, 0.55, 0.13, 0.40, -0.34 * np.abs(light) * depth, SHADE),
        Spot(0, f.chin_y + 0.02, 0.22, 0.05, -0.30 * f.light_y, SHADE),
        Spot(0.04 * light, 0.27, 0.11, 0.05, 0.09 * f.light_y),
        Spot(nose + 0.006 * light, 0.50, 0.010, 0.07, 0.10 * f.nose_bridge),
        Spot(nose + 0.005 * light, tip - 0.004, 0.28 * half_nose, 0.017, 0.17),
        Spot(nose, tip, 0.8 * half_nose, 0.03, 0.06, BLUSH),
        Spot(nose - 0.02 * light, tip + 0.45 * half_nose, 0.8 * half_nose, 0.013, -0.20, SHADE),
        Spot(yaw, tip + 0.062, 0.009, 0.018, -0.06, SHADE),
        Spot(yaw, lip_bottom + 0.014, 0.055, 0.011, -0.20 * f.light_y, SHADE),
        Spot(yaw + 0.02 * light, f.chin_y - 0.050, 0.045, 0.022, 0.08),
    ]
    for side in (-1, 1):
        lit = 0.5 * (1 + side * light)
        eye = yaw + side * f.eye_x
        cheek = yaw + side * (0.165 + 0.01 * smile)
        spots += [
            Spot(side * 0.31, 0.60, 0.06, 0.30, -0.20 * (1.2 - lit), SHADE),
            Spot(side * 0.26, 0.32, 0.05, 0.08, -0.10, SHADE),
            Spot(eye - side * 0.01, EYE_Y - 0.022, 0.060, 0.028, -0.17 * depth, SHADE),
            Spot(eye - side * 0.070, EYE_Y + 0.005, 0.016, 0.035, -0.14 * (1.3 - lit), SHADE),
            Spot(eye, EYE_Y + 0.045, 0.050, 0.012, -0.06 - 0.10 * old, SHADE),
            Spot(eye, EYE_Y - 0.060, 0.055, 0.012, 0.07),
            Spot(cheek, 0.565, 0.055, 0.040, 0.07 + 0.06 * smile * lit),
            Spot(cheek, 0.59, 0.060, 0.045, 0.05 + 0.07 * f.female, BLUSH),
            Spot(nose + side * 0.034, 0.505, 0.014, 0.065, -0.16 * (1.15 - lit), SHADE),
            Spot(side * 0.19, 0.70, 0.05, 0.05, -0.07 - 0.10 * old, SHADE),
        ]
    return spots


def paint_beard(canvas: Canvas, f: SimpleNamespace, hair: np.ndarray) -> None:
    """From a blue shadow to a full beard; the mouth is painted over it."""
    part = canvas.window(0.1, 0.45, 0.9, 1)
    side = np.abs(part.x)
    edge = 0.645 + 0.10 * np.exp(-(((side - 0.14) / 0.055) ** 2)) - 1.2 * np.maximum(side - 0.2, 0)
    grown = ramp(part.y, edge, edge + 0.055 - 0.03 * f.beard_growth)
    on_head = part.fill(profile(part, geometry.head(f, part.y)) - 0.004)
    full = ramp(f.beard_growth, 0.6, 0.95)
    bristle = 0.12 * part.wave(310 * part.x + 40 * part.y, 310.0) * part.wave(290 * part.y, 290.0)
    strength = (1 - f.female) * f.beard * (0.30 + 0.60 * full)
    below_lip = np.exp(-((part.x / 0.05) ** 2 + ((part.y - MOUTH_Y - 0.075) / 0.018) ** 2))
    shade = 0.75 + 0.35 * (0.5 + 0.5 * f.light_x * part.x / 0.3) + bristle
    part.paint(grown * on_head * strength * (1 - 0.5 * below_lip), hair * shade[:, None])
    part.labels[(grown * on_head * strength) > 0.5] = LABELS["hair"]


class Hair:
    """The hair of a face: one outline, painted behind the head and again around the face."""

    def __init__(self, canvas: Canvas, f: SimpleNamespace, colour: np.ndarray):
        self.canvas, self.f, self.colour = canvas, f, colour
        self.strands = self._strands()
        self.outline = canvas.fill(self._outline_distance())

    def _strands(self) -> np.ndarray:
        """Brightness about 0: streaks that follow the outline of the head, or curls."""
        canvas, f = self.canvas, self.f
        across = (canvas.x - 0.10 * f.hair_part) / np.sqrt(
            np.maximum(self._squared_half_width(), 0.04)
        )
        bend = across + 0.15 * np.sin(5 * canvas.y + f.tousle) * (0.3 + f.hair_curl)
        streaks = (
            0.45 * canvas.wave(16 * bend + f.tousle, 60.0)
            + 0.35 * canvas.wave(37 * bend + 9 * canvas.y + 2 * f.tousle, 140.0)
            + 0.30 * canvas.wave(83 * bend - 7 * canvas.y, 310.0)
        )
        swirl = canvas.x + 0.05 * np.sin(31 * canvas.y + 3 * streaks) + 0.7 * canvas.y
        rings = canvas.y + 0.04 * np.sin(37 * canvas.x + f.tousle) - 0.5 * canvas.x
        curls = 1.3 * canvas.wave(85 * swirl, 120.0) * canvas.wave(80 * rings, 120.0)
        return streaks + (curls - streaks) * f.hair_curl

    def _squared_half_width(self) -> np.ndarray:
        f, y = self.f, self.canvas.y
        volume = 0.015 + 0.035 * f.hair_volume + 0.025 * f.hair_curl
        top = CROWN_Y - 0.8 * volume - 0.01
        width = f.head_width * (1.02 + 0.02 * f.hair_long) + volume * (0.7 + 0.6 * f.hair_long)
        end = 0.56 + (f.hair_length - 0.56) * f.hair_long
        up = np.maximum(CHEEK_Y - y, 0) / (CHEEK_Y - top)
        down = np.maximum(y - CHEEK_Y, 0) / (end - CHEEK_Y)
        waves = 1 + 0.05 * f.hair_long * np.sin(17 * y + f.tousle) * ramp(y, 0.4, 0.6)
        return (width * waves) ** 2 * (1 - up**2.4 - down ** (2 + 2.5 * f.hair_long))

    def _outline_distance(self) -> np.ndarray:
        distance = profile(self.canvas, self._squared_half_width())
        return distance - (0.004 + 0.012 * self.f.hair_curl) * self.strands

    def _opening_distance(self) -> np.ndarray:
        """To the edge of what the hair leaves free of the face."""
        f, y = self.f, self.canvas.y
        male, short = 1 - f.female, 1 - f.hair_long
        receding = ramp(f.age, 30, 80) * (0.02 + 0.07 * male)
        fringe = f.hair_fringe * (1 - 0.6 * short)
        hairline = f.hairline - receding + 0.10 * fringe
        power = f.hairline_power + 3 * fringe + 2 * ramp(f.age, 35, 75) * male
        rest = np.clip(1 - (y - hairline) / 0.24, 0, None)
        width = f.head_width * (0.92 + 0.07 * short + 0.05 * (f.hair_length - 0.9))
        sideburn = short * 1.2 * np.maximum(y - 0.45, 0)
        squared = (width + sideburn) ** 2 * (1 - rest**power)
        lean = 0.09 * f.hair_part * (1 - fringe) * ramp(-y, -0.40, -0.18)
        return profile(self.canvas, squared, lean) + 0.006 * self.strands

    def paint_back(self) -> None:
        shade = 0.50 + 0.12 * self.strands
        self.canvas.paint(self.outline, self.colour * shade[:, None], LABELS["hair"])

    def paint_front(self, head: np.ndarray) -> None:
        canvas, f = self.canvas, self.f
        opening = self._opening_distance()
        shadow = np.clip(1 - np.abs(opening) / 0.045, 0, 1) ** 2
        canvas.darken(shadow * head, 0.30)
        sheen = np.exp(-(((canvas.y - 0.15 - 0.9 * canvas.x**2) / 0.05) ** 2)) * f.light_y
        lit = 0.85 + 0.5 * f.light_x * canvas.x + 0.30 * sheen * (1 + self.strands)
        shade = lit + 0.22 * self.strands
        lifted = self.colour + 0.03
        # Above the eyes, what is free of hair is face; below, it may be ears and wall.
        free = np.minimum(canvas.fill(opening), head + ramp(canvas.y, 0.36, 0.46))
        canvas.paint(self.outline * (1 - free), lifted * shade[:, None], LABELS["hair"])
