"""What a folder of faces holds, found out before anything is trained on it."""

from __future__ import annotations

import collections
import hashlib
import os
import pathlib

import numpy as np

from aign_tf.data.faces import FaceSet
from aign_tf.data.folders import list_faces
from aign_tf.data.listing import listed
from aign_tf.data.pictures import UnreadablePicture, in_parallel, read_picture
from aign_tf.data.records import damaged_shards, is_prepared, read_shards
from aign_tf.data.splits import SPLITS

_SIZES, _VALUES = 5, 12


def report(data_dir: str | os.PathLike, size: int) -> dict:
    """Looks at every picture below `data_dir`; the result holds what JSON can hold.

    Keys:
      layout: "prepared", "celeba", "utkface" or "plain".
      count, persons: numbers of pictures (unreadable ones too) and of persons.
      picture_sizes: {"common": [[width, height, count], ...], "min": [w, h], "max": [w, h]}.
      size, smaller_than_size: `size`; pictures whose shorter side is below, to be enlarged.
      unreadable: [[name, reason], ...]; of prepared faces, shards that changed since.
      duplicates: [[name, name, ...], ...], pictures with exactly the same pixels.
      splits: {split: count}; persons_in_several_splits: number of persons.
      attributes: name -> {"kind", "unknown", ...}: "flag" with "share" of ones, "number" with
        "min", "mean", "max", "text" with "values" {value: count} (the 12 most common) and "more".
      regions: {region: pictures in which it was measured}.

    Raises:
      UserError: as `aign_tf.data.folders.read_faces`, but not for unreadable pictures.
    """
    data_dir = pathlib.Path(data_dir)
    if is_prepared(data_dir):
        layout, faces = "prepared", read_shards(data_dir)
        looks = [_look(image) for image in faces.images]
        unreadable = [[name, "changed since written"] for name in damaged_shards(data_dir)]
    else:
        layout, paths, faces = list_faces(data_dir)
        looks = list(in_parallel(_look_at, paths))
        unreadable = [
            [str(name), look.reason]
            for name, look in zip(faces.names, looks)
            if isinstance(look, UnreadablePicture)
        ]
    names = collections.defaultdict(list)
    sizes = collections.Counter()
    for name, look in zip(faces.names, looks):
        if not isinstance(look, UnreadablePicture):
            names[look].append(str(name))
            sizes[look[:2]] += 1
    return {
        "layout": layout,
        "count": len(faces),
        "persons": len(np.unique(faces.person)),
        "picture_sizes": _sizes(sizes),
        "size": size,
        "smaller_than_size": sum(n for side, n in sizes.items() if min(side) < size),
        "unreadable": unreadable,
        "duplicates": [same for same in names.values() if len(same) > 1],
        "splits": {split: int(np.sum(faces.split == split)) for split in SPLITS},
        "persons_in_several_splits": _persons_in_several_splits(faces),
        "attributes": {name: _attribute(c) for name, c in faces.attributes.items()},
        "regions": {
            region: int(np.sum(~np.isnan(boxes).any(axis=1)))
            for region, boxes in faces.boxes.items()
        },
    }


def _look_at(path: pathlib.Path) -> tuple[int, int, bytes] | UnreadablePicture:
    try:
        return _look(read_picture(path))
    except UnreadablePicture as error:
        return error


def _look(image: np.ndarray) -> tuple[int, int, bytes]:
    """Width, height and a digest of the pixels."""
    height, width = image.shape[:2]
    return width, height, hashlib.sha256(image.tobytes()).digest()


def _sizes(sizes: collections.Counter) -> dict:
    if not sizes:
        return {"common": [], "min": None, "max": None}
    by_area = sorted(sizes, key=lambda side: side[0] * side[1])
    common = [[*side, n] for side, n in sizes.most_common(_SIZES)]
    return {"common": common, "min": list(by_area[0]), "max": list(by_area[-1])}


def _persons_in_several_splits(faces: FaceSet) -> int:
    pairs = set(zip(faces.person.tolist(), faces.split.tolist()))
    return sum(n > 1 for n in collections.Counter(person for person, _ in pairs).values())


def _attribute(column: np.ndarray) -> dict:
    if not np.issubdtype(column.dtype, np.number):
        counts = collections.Counter(column[column != ""].tolist())
        return {
            "kind": "text",
            "unknown": int(np.sum(column == "")),
            "values": dict(sorted(counts.most_common(_VALUES))),
            "more": max(0, len(counts) - _VALUES),
        }
    known = column[~np.isnan(column)].astype(np.float64)
    unknown = len(column) - len(known)
    if not len(known):
        return {"kind": "number", "unknown": unknown, "min": None, "mean": None, "max": None}
    if np.isin(known, (0, 1)).all():
        return {"kind": "flag", "unknown": unknown, "share": float(known.mean())}
    low, mean, high = float(known.min()), float(known.mean()), float(known.max())
    return {"kind": "number", "unknown": unknown, "min": low, "mean": mean, "max": high}


def text(report: dict) -> str:
    """`report` for people to read."""
    sizes = report["picture_sizes"]
    common = ", ".join(f"{w}x{h}: {n}" for w, h, n in sizes["common"]) or "none"
    if len(sizes["common"]) > 1:
        (w0, h0), (w1, h1) = sizes["min"], sizes["max"]
        common += f" (smallest {w0}x{h0}, largest {w1}x{h1})"
    splits = ", ".join(f"{split} {n}" for split, n in report["splits"].items())
    regions = ", ".join(f"{region} {n}" for region, n in report["regions"].items()) or "none"
    lines = [
        f"{report['count']} pictures of {report['persons']} persons, {report['layout']} layout",
        f"sizes       {common}",
        f"enlarged    {report['smaller_than_size']} are smaller than {report['size']} pixels",
        f"splits      {splits}",
        f"regions     {regions}",
        *listed("unreadable", [f"{name}: {why}" for name, why in report["unreadable"]]),
        *listed("duplicates", [" = ".join(same) for same in report["duplicates"]]),
        *listed("attributes", [_line(*item) for item in report["attributes"].items()], limit=None),
    ]
    if report["persons_in_several_splits"]:
        lines.append(
            f"warning: {report['persons_in_several_splits']} persons are in several splits"
        )
    return "\n".join(lines)


def _line(name: str, of: dict) -> str:
    if of["kind"] == "text":
        facts = ", ".join(f"{value} {n}" for value, n in of["values"].items())
        facts += f" and {of['more']} more values" if of["more"] else ""
    elif of["kind"] == "flag":
        facts = f"{of['share']:.1%} are 1"
    elif of["mean"] is None:
        facts = "nothing known"
    else:
        facts = f"{of['min']:g} to {of['max']:g}, mean {of['mean']:.4g}"
    unknown = f" ({of['unknown']} unknown)" if of["unknown"] else ""
    return f"{name:<20} {facts}{unknown}"
