"""The plain layout: a folder of pictures, described by an optional table and landmarks.

`attributes.csv` has a header. Its column `file`, or else its first, names the pictures; `face_id`,
`person` or `identity` says who is shown, `split` how a picture is used; `lips`, `nose` and `eyes`
may hold boxes `x0 y0 x1 y1` in pixels; every other column is an attribute. `landmarks*.npz` holds
one `[points, 2]` array a picture under the picture's name. In both, folder and suffix may be left
out of a name. Empty cells, NA and NaN mean unknown.
"""

from __future__ import annotations

import csv
import pathlib
import zipfile
from collections.abc import Collection

import numpy as np
from absl import logging

from aign_tf.data.faces import REGIONS, SPLITS, FaceSet, split_by_person
from aign_tf.data.pictures import list_pictures
from aign_tf.data.regions import boxes_from_landmarks
from aign_tf.errors import UserError

_PERSON_COLUMNS = ("face_id", "person", "identity")
_UNKNOWN = ("", "na", "n/a", "nan")


def list_faces(data_dir: pathlib.Path) -> tuple[list[pathlib.Path], FaceSet]:
    """Paths and, without pixels, the faces; boxes are in pixels of the picture files.

    Raises:
      UserError: no pictures, or a table or landmarks that cannot be used.
    """
    images = data_dir / "images"
    root = images if images.is_dir() else data_dir
    paths = list_pictures(root)
    names = np.array([path.relative_to(root).as_posix() for path in paths])
    table = data_dir / "attributes.csv"
    columns = _read_table(table, names) if table.exists() else {}

    person = np.array(next((columns.pop(c) for c in _PERSON_COLUMNS if c in columns), names))
    person = np.where(person == "", names, person)
    split = _split(table, columns.pop("split", [""] * len(names)), person)
    boxes = {
        region: _boxes(table, region, columns.pop(region), names)
        for region in REGIONS
        if _holds_boxes(columns.get(region, []))
    }
    for path in sorted(data_dir.glob("landmarks*.npz")):
        for region, measured in _read_landmarks(path, names).items():
            given = boxes.get(region, measured)
            boxes[region] = np.where(np.isnan(given), measured, given)
    attributes = {name: _column(name, values) for name, values in columns.items()}
    no_pixels = np.empty((len(paths), 0, 0, 3), np.uint8)
    return paths, FaceSet(no_pixels, names, person, split, attributes, boxes)


def _read_table(path: pathlib.Path, names: np.ndarray) -> dict[str, list[str]]:
    """Column name -> one value a picture, "" where the table has no row for it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            rows = [(lines.line_num, row) for row in lines if any(map(str.strip, row))]
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a CSV table in UTF-8: {error}") from error
    if not rows:
        raise UserError(f"{path} is empty: its first line must name the columns")
    header = [title.strip().lower() for title in rows[0][1]]
    repeated = {title for title in header if title and header.count(title) > 1}
    if repeated:
        raise UserError(f"{path}: two columns are named {min(repeated)!r}")
    file_column = header.index("file") if "file" in header else 0
    by_file = {}
    for number, row in rows[1:]:
        if len(row) != len(header):
            raise UserError(f"{path}, line {number}: {len(row)} values for {len(header)} columns")
        file = row[file_column].strip().replace("\\", "/")
        if file in by_file:
            raise UserError(f"{path}, line {number}: a second row for {file!r}")
        by_file[file] = ["" if v.strip().lower() in _UNKNOWN else v.strip() for v in row]
    found = [by_file.get(key) for key in _match(path, by_file, names)]
    return {
        title: ["" if row is None else row[i] for row in found]
        for i, title in enumerate(header)
        if i != file_column and title
    }


def _match(path: pathlib.Path, keys: Collection[str], names: np.ndarray) -> list[str | None]:
    """The key in `path` that means each picture, None where there is none."""
    matched, used = [], {}
    for name in names:
        key = next((key for key in _spellings(name) if key in keys), None)
        if key in used:
            raise UserError(f"{path}: {key!r} could be {used[key]} or {name}: add the folder")
        if key is not None:
            used[key] = name
        matched.append(key)
    if not used:
        example = f"it has {next(iter(keys))!r}" if keys else "it has no rows"
        raise UserError(f"{path} describes none of the pictures: {example}, there is {names[0]!r}")
    if len(used) < len(keys):
        logging.warning("%s: %d entries have no picture", path.name, len(keys) - len(used))
    return matched


def _spellings(name: str) -> tuple[str, ...]:
    path = pathlib.PurePosixPath(name)
    return (name, f"images/{name}", path.name, path.with_suffix("").as_posix(), path.stem)


def _split(path: pathlib.Path, given: list[str], person: np.ndarray) -> np.ndarray:
    given = np.char.lower(given)
    wrong = sorted(set(given) - {"", *SPLITS})
    if wrong:
        raise UserError(f"{path}: no split {wrong[0]!r}: use one of {', '.join(SPLITS)}")
    return np.where(given == "", split_by_person(person), given)


def _holds_boxes(values: list[str]) -> bool:
    return any(_is_box(value) for value in values)


def _is_box(value: str) -> bool:
    parts = value.split()
    return len(parts) == 4 and all(_is_number(part) for part in parts)


def _boxes(path: pathlib.Path, region: str, values: list[str], names: np.ndarray) -> np.ndarray:
    boxes = np.full((len(values), 4), np.nan, np.float32)
    for row, value in enumerate(values):
        if _is_box(value):
            boxes[row] = value.split()
        elif value:
            raise UserError(f"{path}: {region} of {names[row]} is {value!r}, not x0 y0 x1 y1")
    inverted = np.flatnonzero((boxes[:, :2] > boxes[:, 2:]).any(axis=1))
    if len(inverted):
        name, value = names[inverted[0]], values[inverted[0]]
        raise UserError(f"{path}: {region} of {name} is {value!r}, where x0 > x1 or y0 > y1")
    return boxes


def _column(name: str, values: list[str]) -> np.ndarray:
    known = [value for value in values if value]
    words = [value for value in known if not _is_number(value)]
    if known and not words:
        return np.array([value or "nan" for value in values], np.float32)
    if len(words) < len(known) / 2:
        logging.warning("column %s holds words, not numbers, because of %r", name, words[0])
    return np.array(values, str)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value  # Python reads 1_0 as ten; in a table it is somebody's name.


def _read_landmarks(path: pathlib.Path, names: np.ndarray) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} cannot be read without pickle: save plain [points, 2] arrays with numpy.savez"
        ) from error
    boxes = {region: np.full((len(names), 4), np.nan, np.float32) for region in REGIONS}
    for row, key in enumerate(_match(path, arrays, names)):
        if key is not None:
            for region, box in _regions(path, key, arrays[key]).items():
                boxes[region][row] = box
    return boxes


def _regions(path: pathlib.Path, key: str, points: np.ndarray) -> dict[str, np.ndarray]:
    try:
        return boxes_from_landmarks(points)
    except UserError as error:
        raise UserError(f"{path}, {key}: {error}") from error
