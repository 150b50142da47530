"""Painting what lies on a procedural face: nose, eyes, brows, mouth, wrinkles, glasses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aign_tf.data.synthetic import face_geometry as geometry
from aign_tf.data.synthetic.face_geometry import EYE_Y, NOSE_YAW, ramp
from aign_tf.data.synthetic.shapes import (
    Canvas,
    Spot,
    band,
    ellipse,
    line,
    profile,
    slope,
    soft_spots,
)

PARTS = ("background", "skin", "hair", "eyes", "brows", "nose", "lips", "teeth", "glasses", "cloth")
LABELS = {name: index for index, name in enumerate(PARTS)}
WHITE = np.ones((1, 3, 1, 1), np.float32)


def tinted(colour: np.ndarray, red: float, green: float, blue: float) -> np.ndarray:
    return colour * np.array([red, green, blue], np.float32)[:, None, None]


def mixed(colour: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours `[B, 3, ...]` that are `other` by the `share` `[B, ...]`."""
    return colour + (other - colour) * share[:, None]


def paint_nose(canvas: Canvas, f: SimpleNamespace) -> None:
    part = canvas.window(0.3, 0.38, 0.7, 0.72).shifted(NOSE_YAW * f.yaw)
    half_width, widest = geometry.nose_tip(f)
    folded = part.mirrored()
    part.labels[profile(part, geometry.nose(f, part.y)) < 0] = LABELS["nose"]

    soft = 0.005 + 0.5 * part.pixel
    wing = ellipse(folded, 0.66 * half_width, widest, 0.34 * half_width, 0.38 * half_width)
    outside = ramp(folded.x, 0.62 * half_width, 0.98 * half_width)
    lit = 0.5 + 0.5 * f.light_x * np.sign(part.x)
    part.darken(np.exp(-((wing / soft) ** 2)) * outside, 0.42 - 0.18 * lit)
    t = np.clip(part.x / half_width, -1, 1)
    base = widest + 0.40 * half_width * np.sqrt(1.02 - t * t) * (0.85 + 0.15 * np.cos(9 * t))
    under = np.exp(-((line(part, base) / soft) ** 2))
    part.darken(under * ramp(-folded.x, -0.85 * half_width, 0), 0.22)
    nostril = ellipse(
        folded, 0.40 * half_width, widest + 0.30 * half_width, 0.20 * half_width, 0.0095
    )
    openness = np.clip(0.5 - nostril / (part.pixel + 0.004), 0, 1)
    part.paint(openness * 0.7, tinted(f.skin, 0.34, 0.22, 0.20))


def paint_eyes(canvas: Canvas, f: SimpleNamespace) -> None:
    part = canvas.window(0.22, 0.30, 0.78, 0.54).shifted(f.yaw)
    side = np.sign(part.x)
    eye = part.mirrored(f.eye_x)
    x = eye.x
    upper, lower = geometry.eyelids(f, x)
    opening = part.fill(band(eye, upper, lower))
    below_lid = part.y - upper

    shade = 0.62 + 0.38 * ramp(below_lid, -0.004, 0.022) - 0.12 * (x / f.eye_width) ** 2
    part.paint(opening, 0.93 * WHITE * shade[:, None], LABELS["eyes"])
    corner = part.fill(ellipse(eye, -0.97 * f.eye_width, EYE_Y + 0.003, 0.012, 0.007))
    part.paint(opening * corner * 0.7, tinted(f.skin, 1.0, 0.65, 0.62))

    radius = 0.0285
    look = f.gaze * side
    centre_y = EYE_Y - 0.006
    from_centre = np.hypot(x - look, part.y - centre_y)
    iris = opening * part.fill(from_centre - radius)
    angle = np.arctan2(part.y - centre_y, x - look)
    fibres = part.wave(19 * angle, 19 / radius) + part.wave(31 * angle + 1, 31 / radius)
    glow = 0.75 + 0.55 * ramp(part.y, centre_y - 0.01, centre_y + radius) + 0.1 * fibres
    glow = glow * (1 - 0.55 * ramp(from_centre, 0.75 * radius, radius))
    glow = glow * (0.45 + 0.55 * ramp(below_lid, 0.0, 0.016))
    part.paint(iris, f.iris * glow[:, None])
    part.paint(opening * part.fill(from_centre - 0.42 * radius), 0.03 * WHITE)
    glint_x = look + 0.35 * radius * np.sign(f.light_x) * side
    glint = np.hypot(x - glint_x, part.y - (centre_y - 0.35 * radius))
    part.paint(opening * part.fill(glint - 0.22 * radius), 0.97 * WHITE)

    paint_lids(eye, f, upper, lower)


def paint_lids(eye: Canvas, f: SimpleNamespace, upper: np.ndarray, lower: np.ndarray) -> None:
    """Lashes and creases; `eye` is in eye coordinates."""
    t = eye.x / f.eye_width
    near = ramp(-np.abs(t), -1.12, -0.9)
    lashes = 0.0035 + f.female * 0.0035 * ramp(t, -0.6, 0.9)
    comb = 1 + 0.5 * f.female * eye.wave(420 * eye.x, 420.0)
    eye.paint(
        eye.stroke(line(eye, upper - 0.4 * lashes * comb), lashes * comb) * near,
        tinted(f.skin, 0.22, 0.17, 0.16),
    )
    flick = line(eye, upper - (0.012 + 0.2 * (eye.x - f.eye_width)))
    flick = eye.stroke(flick, 0.004) * ramp(t, 0.75, 0.9) * ramp(-t, -1.25, -1.05)
    eye.paint(flick * f.female, tinted(f.skin, 0.22, 0.17, 0.16))
    eye.darken(eye.stroke(line(eye, lower + 0.001), 0.002) * near, 0.35)
    fold = 0.010 + 0.006 * (1 - t * t)
    crease = eye.stroke(line(eye, upper - fold), 0.0025) * ramp(-np.abs(t), -1.2, -0.8)
    eye.darken(crease * f.lid_crease, 0.40)


def paint_brows(canvas: Canvas, f: SimpleNamespace, hair: np.ndarray) -> None:
    part = canvas.window(0.18, 0.24, 0.82, 0.42).shifted(f.yaw).mirrored(f.eye_x)
    middle, half = geometry.brow(f, part.x)
    strands = part.wave(330 * part.x + 160 * (part.y - middle), 370.0)
    distance = band(part, middle - half, middle + half)
    soft = np.clip(0.5 - distance / (part.pixel + 0.006), 0, 1)
    part.paint(soft * (0.80 + 0.2 * strands), hair * 0.8 + 0.02)
    part.labels[distance < 0] = LABELS["brows"]


def paint_mouth(canvas: Canvas, f: SimpleNamespace) -> None:
    part = canvas.window(0.28, 0.58, 0.72, 0.86).shifted(f.yaw)
    half_width = geometry.mouth_half_width(f)
    t = np.clip(part.x / half_width, -1, 1)
    top, upper, lower, bottom = geometry.lips(f, part.x)
    beyond = np.abs(part.x) - half_width

    gap = np.maximum(band(part, upper, lower), beyond)
    teeth = ramp(part.y, upper - 0.004, upper + 0.006) * (1 - ramp(np.abs(t), 0.55, 0.95))
    teeth = teeth * (1 - ramp(part.y, lower - 0.008, lower + 0.002))
    teeth = teeth * (1 - 0.10 * (0.5 + 0.5 * part.wave(300 * part.x, 300.0)))
    inside = mixed(tinted(WHITE, 0.25, 0.06, 0.06), tinted(WHITE, 0.95, 0.93, 0.88), teeth)
    part.paint(part.fill(gap), inside, LABELS["teeth"])

    natural = tinted(f.skin, 0.90, 0.62, 0.60)
    red = mixed(natural, tinted(WHITE, 0.72, 0.16, 0.22), (0.15 + 0.4 * f.lipstick) * f.female)
    height = 1e-3 + bottom - lower
    creases = 0.05 * part.wave(190 * part.x + 3 * np.sin(60 * part.x), 250.0)
    upper_shade = 0.72 + 0.12 * ramp((upper - part.y) / (1e-3 + upper - top), 0, 1) + creases
    part.paint(
        part.fill(np.maximum(band(part, top, upper), beyond)),
        red * upper_shade[:, None],
        LABELS["lips"],
    )
    depth = (part.y - lower) / height
    lower_shade = 0.80 + 0.28 * ramp(depth, 0, 0.4) * (1 - ramp(depth, 0.55, 1.1)) + creases
    part.paint(
        part.fill(np.maximum(band(part, lower, bottom), beyond)),
        red * lower_shade[:, None],
        LABELS["lips"],
    )
    _, _, *lower_lip = geometry.lips(f, 0 * f.yaw)
    shine_x, shine_y = 0.15 * half_width * f.light_x, 0.5 * (lower_lip[0] + lower_lip[1])
    shine = Spot(shine_x, shine_y, 0.35 * half_width, 0.010, 0.10 + 0.08 * f.female)
    part.colour[:] += soft_spots(part, [shine])
    between = 0.5 * (upper + lower)
    ends = ramp(-np.abs(part.x), -1.08 * half_width, -0.98 * half_width)
    closed = 1 - 0.7 * f.smiling * (f.teeth > 0.15)
    part.darken(part.stroke(line(part, between), 0.0040) * ends * closed, 0.60)


def paint_wrinkles(canvas: Canvas, f: SimpleNamespace) -> None:
    old = ramp(f.age, 36, 80)
    smile = f.smiling * f.smile

    brow = canvas.window(0.25, 0.18, 0.75, 0.36).shifted(f.yaw)
    fade = np.exp(-((brow.x / 0.12) ** 2))
    for row in range(3):
        curve = 0.242 + 0.030 * row + 0.5 * brow.x**2 + 0.003 * np.sin(40 * brow.x + 2 * row)
        brow.darken(brow.stroke(line(brow, curve), 0.003) * fade, 0.30 * old)

    cheek = canvas.window(0.26, 0.58, 0.74, 0.82).shifted(f.yaw)
    start = geometry.nose_tip(f)[0] + 0.008
    end = geometry.mouth_half_width(f) + 0.022
    down = (cheek.y - 0.595) / 0.12
    fold = start + (end - start) * np.clip(down, -0.2, 1.4)
    along = ramp(down, -0.1, 0.25) * ramp(-down, -1.25, -0.7)
    distance = (np.abs(cheek.x) - fold) / np.sqrt(1 + slope(fold, cheek.y, axis=1) ** 2)
    soft = np.exp(-((distance / (0.007 + 0.4 * cheek.pixel)) ** 2))
    cheek.darken(soft * along, 0.02 + 0.22 * old + 0.13 * smile)

    eye = canvas.window(0.15, 0.34, 0.85, 0.54).shifted(f.yaw).mirrored(f.eye_x)
    t = eye.x / f.eye_width
    bag = EYE_Y + 0.030 + 0.012 * (1 - t * t)
    eye.darken(eye.stroke(line(eye, bag), 0.0035) * ramp(-np.abs(t), -1, -0.5), 0.35 * old)
    outer = ramp(t, 1.10, 1.3) * ramp(-t, -1.75, -1.45)
    for spread in (-0.45, 0.0, 0.45):
        curve = EYE_Y + spread * (eye.x - 0.8 * f.eye_width)
        eye.darken(eye.stroke(line(eye, curve), 0.0025) * outer, 0.32 * old + 0.06 * smile * old)


def paint_glasses(canvas: Canvas, f: SimpleNamespace) -> None:
    part = canvas.window(0.10, 0.28, 0.90, 0.56).shifted(f.yaw)
    side = np.abs(part.x)
    half_width = f.eye_x - 0.022
    across = (side - f.eye_x) / half_width
    down = (part.y - EYE_Y - 0.012) / f.glasses_height
    power = f.glasses_power
    level = np.abs(across) ** power + np.abs(down) ** power
    gradient = power * np.hypot(
        np.abs(across) ** (power - 1) / half_width, np.abs(down) ** (power - 1) / f.glasses_height
    )
    distance = (level - 1) / np.maximum(gradient, 1)
    lens = part.fill(distance) * f.glasses
    glare = ramp(part.x * 0.6 + part.y, EYE_Y - 0.01, EYE_Y + 0.06)
    part.paint(lens * (0.06 + 0.08 * glare), WHITE * 0.95)
    rim = part.stroke(distance, f.glasses_rim)
    bridge_y = EYE_Y - 0.012 + 3.0 * side**2
    bridge = part.stroke(line(part, bridge_y), f.glasses_rim) * (side < f.eye_x - half_width)
    arm_y = EYE_Y - 0.012 + 0 * side
    arm = part.stroke(line(part, arm_y), f.glasses_rim) * (side > f.eye_x + half_width)
    arm = arm * (side < f.head_width)
    frame = np.maximum(np.maximum(rim, bridge), arm) * f.glasses
    part.paint(frame, f.glasses_colour, LABELS["glasses"])
