"""Face sets stay rectangular, and persons stay in one split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.faces import FaceSet, share_of_people, split_by_person
from aign_tf.data.splits import SPLITS
from aign_tf.errors import UserError

NAMES = st.lists(st.text(max_size=6), min_size=1, max_size=40)


def faces(count=6, **columns):
    rows = np.arange(count)
    images = np.broadcast_to(rows[:, None, None, None], (count, 4, 4, 3)).astype(np.uint8)
    columns = {
        "names": np.array([f"{row}.png" for row in rows], dtype=np.str_),
        "person": np.array([f"p{row // 2}" for row in rows], dtype=np.str_),
        "split": np.array(SPLITS)[rows % 3],
        "attributes": {"age": rows.astype(np.float32)},
        "boxes": {"lips": np.tile(rows[:, None], (1, 4)).astype(np.float32)},
        **columns,
    }
    return FaceSet(images, **columns)


def rows_of(chosen):
    """The original rows of a selection, after checking that all columns agree on them."""
    rows = chosen.images[:, 0, 0, 0].tolist()
    assert chosen.names.tolist() == [f"{row}.png" for row in rows]
    assert chosen.person.tolist() == [f"p{row // 2}" for row in rows]
    assert chosen.attributes["age"].tolist() == rows
    assert chosen.boxes["lips"][:, 0].tolist() == rows
    return rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.array([4, 0, 0]), [4, 0, 0]),
        (np.array([True, False, True, False, False, True]), [0, 2, 5]),
        (np.array([], int), []),
    ],
)
def test_select_takes_the_same_rows_of_every_column(rows, expected):
    assert rows_of(faces().select(rows)) == expected


def test_head_takes_the_first_or_all():
    assert rows_of(faces().head(2)) == [0, 1]
    assert rows_of(faces().head(0)) == []
    assert rows_of(faces().head(100)) == [0, 1, 2, 3, 4, 5]


def test_in_split():
    assert rows_of(faces().in_split("validation")) == [1, 4]
    with pytest.raises(UserError, match="no split 'dev': use one of train, validation, test"):
        faces().in_split("dev")


def test_length_and_size():
    assert (len(faces()), faces().size) == (6, 4)
    assert len(faces(0)) == 0


@pytest.mark.parametrize("column", ["names", "person", "split"])
def test_ragged_columns_are_refused(column):
    with pytest.raises(ValueError, match=f"{column} has 5 rows for 6 images"):
        faces(**{column: np.array(["train"] * 5)})


@pytest.mark.parametrize(("group", "name"), [("attributes", "age"), ("boxes", "lips")])
def test_ragged_groups_are_refused(group, name):
    with pytest.raises(ValueError, match=f"{name} has 7 rows for 6 images"):
        faces(**{group: {name: np.zeros((7, 4))}})


def test_a_ragged_attribute_is_refused_beside_a_box_of_the_same_name():
    with pytest.raises(ValueError, match="lips has 7 rows for 6 images"):
        faces(attributes={"lips": np.zeros(7)}, boxes={"lips": np.zeros((6, 4))})


@given(NAMES)
def test_a_person_never_straddles_splits(names):
    person = np.array(names * 3)
    split = split_by_person(person)
    assert len(split) == len(person)
    for name in set(person.tolist()):
        assert len(set(split[person == name])) == 1
    assert set(split) <= set(SPLITS)


@given(NAMES, NAMES)
def test_splits_stay_when_pictures_are_added(before, added):
    alone = split_by_person(np.array(before))
    together = split_by_person(np.array(added + before))
    np.testing.assert_array_equal(together[len(added) :], alone)


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.2), (0.3, 0.0), (0.0, 0.0), (0.5, 0.5)])
def test_shares_are_about_what_was_asked(validation, test):
    split = split_by_person(np.array([f"p{i}" for i in range(4000)]), validation, test)
    assert np.mean(split == "validation") == pytest.approx(validation, abs=0.025)
    assert np.mean(split == "test") == pytest.approx(test, abs=0.025)


def test_nobody_at_all():
    assert len(split_by_person(np.array([], dtype=np.str_))) == 0


@given(NAMES, st.floats(0, 1))
def test_a_share_of_the_people_is_chosen_whole(people, share):
    person = np.array([*people, *people], dtype=np.str_)
    chosen = share_of_people(person, share)
    names = {str(name) for name in person[chosen]}
    assert np.array_equal(chosen, np.isin(person, list(names)))
    assert len(names) == max(1, round(share * len(set(person.tolist()))))
    np.testing.assert_array_equal(chosen, share_of_people(person, share))


def test_joined_faces_come_one_after_the_other():
    both = faces(4).joined(faces(2))
    assert len(both) == 6
    assert both.names.tolist() == [f"{row}.png" for row in (0, 1, 2, 3, 0, 1)]
    np.testing.assert_array_equal(both.attributes["age"], [0, 1, 2, 3, 0, 1])
    np.testing.assert_array_equal(both.boxes["lips"][:, 0], [0, 1, 2, 3, 0, 1])
