"""Prepared faces: TFRecord shards of PNG pictures, and an index of what they hold.

A prepared folder reads much faster than a folder of photographs: its pictures have their final
size already, and a few large files replace many small ones.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pathlib
import shutil
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import logging
from PIL import Image

from aign_tf.data.faces import FaceSet
from aign_tf.data.pictures import (
    UnreadablePicture,
    allocate,
    decode_picture,
    in_parallel,
    square,
)
from aign_tf.errors import UserError
from aign_tf.files import read_json, write_json

VERSION = 1
_INDEX = "index.json"
_SHARD_BYTES = 100e6


def is_prepared(folder: str | os.PathLike) -> bool:
    return (pathlib.Path(folder) / _INDEX).is_file()


def require_free(output: str | os.PathLike) -> None:
    """Raises UserError where `output` exists and is anything but an empty folder."""
    output = pathlib.Path(output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output} exists and is not an empty folder: give a new --output")


def write_shards(faces: FaceSet, output: str | os.PathLike, shards: int | None = None) -> None:
    """Writes `faces` as `output/faces-00000-of-00004.tfrecord` and so on, and `output/index.json`.

    Everything is written beside `output` first and renamed at the end: `output` is whole or absent.

    Args:
      faces: what to write.
      output: a folder that does not exist yet, or is empty.
      shards: number of files; by default as many as make about 100 MB each.
    """
    output = pathlib.Path(output).resolve()
    require_free(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    unfinished.mkdir()
    try:
        _write(faces, unfinished, shards or _default_shards(faces))
        unfinished.replace(output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(faces: FaceSet, folder: pathlib.Path, shards: int) -> None:
    entries = []
    for i, rows in enumerate(np.array_split(np.arange(len(faces)), shards)):
        path = folder / f"faces-{i:05d}-of-{shards:05d}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for example in _examples(faces, rows):
                writer.write(example)
        entries.append({"file": path.name, "count": len(rows), "sha256": _sha256(path)})
        logging.info("wrote %s: %d pictures", path.name, len(rows))
    index = {
        "version": VERSION,
        "size": faces.size,
        "count": len(faces),
        "attributes": {name: _kind(column) for name, column in faces.attributes.items()},
        "regions": sorted(faces.boxes),
        "shards": entries,
    }
    write_json(folder / _INDEX, index)


def _default_shards(faces: FaceSet) -> int:
    sample = faces.images[:: max(1, len(faces) // 32)]
    mean = np.mean([len(_png(image)) for image in sample]) if len(sample) else 0
    return max(1, round(mean * len(faces) / _SHARD_BYTES))


def _kind(column: np.ndarray) -> str:
    return "number" if np.issubdtype(column.dtype, np.number) else "text"


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _examples(faces: FaceSet, rows: np.ndarray) -> Iterator[bytes]:
    for row, png in zip(rows, in_parallel(lambda row: _png(faces.images[row]), rows)):
        features = {
            "image": _bytes(png),
            "name": _bytes(faces.names[row]),
            "person": _bytes(faces.person[row]),
            "split": _bytes(faces.split[row]),
        }
        for name, column in faces.attributes.items():
            feature = _floats([column[row]]) if _kind(column) == "number" else _bytes(column[row])
            features[f"attribute/{name}"] = feature
        for region, boxes in faces.boxes.items():
            features[f"box/{region}"] = _floats(boxes[row])
        yield tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _bytes(value: bytes | str) -> tf.train.Feature:
    value = value if isinstance(value, bytes) else str(value).encode()
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def _floats(values: np.ndarray) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def _sha256(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read_shards(folder: str | os.PathLike, size: int | None = None) -> FaceSet:
    """The faces that `write_shards` wrote, identical where `size` is theirs, else resampled.

    Args:
      folder: what was `output` of `write_shards`.
      size: side of the pictures in pixels; None keeps the size they were prepared with.

    Raises:
      UserError: no usable index, a shard that is missing, truncated or corrupt, too little memory.
    """
    folder = pathlib.Path(folder)
    index = _read_index(folder)
    size = index["size"] if size is None else size
    images = allocate(index["count"], size)
    tables, start = [], 0
    for shard in index["shards"]:
        table = _read_shard(folder / shard["file"], shard["count"], _specification(index))
        pictures = _read_pictures(folder / shard["file"], table.pop("image"), size)
        for row, picture in enumerate(pictures, start=start):
            images[row] = picture
        start += shard["count"]
        tables.append(table)
    table = {key: np.concatenate([part[key] for part in tables]) for key in tables[0]}
    _, scale, offset = square(np.empty((index["size"], index["size"], 3), np.uint8), size)
    origin, scale = np.tile(offset, 2).astype(np.float32), np.float32(scale)
    return FaceSet(
        images,
        _text(table["name"]),
        _text(table["person"]),
        _text(table["split"]),
        {
            name: _text(table[f"attribute/{name}"])
            if kind == "text"
            else table[f"attribute/{name}"]
            for name, kind in index["attributes"].items()
        },
        {region: (table[f"box/{region}"] - origin) * scale for region in index["regions"]},
    )


def damaged_shards(folder: str | os.PathLike) -> list[str]:
    """Names of the shards whose SHA-256 differs from the index: changed since they were written."""
    folder = pathlib.Path(folder)
    shards = _read_index(folder)["shards"]
    return [s["file"] for s in shards if _sha256(folder / s["file"]) != s["sha256"]]


def _read_index(folder: pathlib.Path) -> dict:
    path = folder / _INDEX
    try:
        index = read_json(path)
        version = index["version"]
        complete = index["count"] == sum(shard["count"] for shard in index["shards"]) > 0
        missing = [s["file"] for s in index["shards"] if not (folder / s["file"]).is_file()]
        index["size"], index["attributes"].items(), index["regions"]
    except (
        OSError,
        json.JSONDecodeError,
        UnicodeDecodeError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise UserError(f"{path} is not an index of prepared faces: prepare them again") from error
    if version != VERSION:
        raise UserError(f"{path} has version {version}, this code reads {VERSION}: prepare again")
    if not complete:
        raise UserError(f"{path}: its shards do not add up to its count: prepare them again")
    if missing:
        raise UserError(f"{folder / missing[0]} is missing ({len(missing)} in all): prepare again")
    return index


def _specification(index: dict) -> dict:
    text, number, box = (
        tf.io.FixedLenFeature(shape, dtype)
        for shape, dtype in (([], tf.string), ([], tf.float32), ([4], tf.float32))
    )
    return {
        **dict.fromkeys(("image", "name", "person", "split"), text),
        **{
            f"attribute/{name}": text if kind == "text" else number
            for name, kind in index["attributes"].items()
        },
        **{f"box/{region}": box for region in index["regions"]},
    }


def _read_shard(path: pathlib.Path, count: int, specification: dict) -> dict[str, np.ndarray]:
    try:
        records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
        if len(records) != count:
            raise UserError(f"{path} has {len(records)} pictures instead of {count}: prepare again")
        parsed = tf.io.parse_example(tf.constant(records, tf.string), specification)
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise UserError(f"{path} is truncated or corrupt: prepare the faces again") from error
    return {key: value.numpy() for key, value in parsed.items()}


def _read_pictures(path: pathlib.Path, pngs: np.ndarray, size: int) -> Iterator:
    try:
        yield from in_parallel(lambda png: square(decode_picture(png, path.name), size)[0], pngs)
    except UnreadablePicture as error:
        raise UserError(f"{path} is corrupt: {error.reason}: prepare the faces again") from error


def _text(column: np.ndarray) -> np.ndarray:
    return np.array([value.decode() for value in column], str)
