import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.faces import FaceSet
from aign_tf.data.selection import select
from aign_tf.errors import UserError

NAN = float("nan")


def _faces(**attributes):
    count = len(next(iter(attributes.values()), [0]))
    columns = {
        name: np.array(values, str if isinstance(values[0], str) else np.float32)
        for name, values in attributes.items()
    }
    names = np.array([f"{i}.png" for i in range(count)])
    images = np.zeros((count, 1, 1, 3), np.uint8)
    return FaceSet(images, names, names, np.full(count, "train"), columns)


FACES = _faces(
    gender=["female", "male", "Female", ""],
    age=[20, 30, NAN, 40],
    big_lips=[1, 0, 1, NAN],
    place=["New York", "or", "a/b", "x-y"],
)


def _chosen(expression, faces=FACES):
    return np.flatnonzero(select(expression, faces)).tolist()


@pytest.mark.parametrize(
    "expression, rows",
    [
        ("gender=female", [0, 2]),
        ("GENDER = FEMALE", [0, 2]),
        ('"gender"="female"', [0, 2]),
        ("Big_Lips=1", [0, 2]),
        ("big_lips=1.0", [0, 2]),
        ("age<30", [0]),
        ("age<=30", [0, 1]),
        ("age>30", [3]),
        ("age>=3e1", [1, 3]),
        ("age>-1", [0, 1, 3]),
        ("gender!=female", [1]),
        ("big_lips!=1", [1]),
        ("not gender=female", [1]),
        ("not not gender=female", [0, 2]),
        ("gender=female and age=20", [0]),
        ("gender=female,age=20", [0]),
        ("gender=female AND NOT age=20 or age=40", [3]),
        ("age=40 or gender=female and age=20", [0, 3]),
        ("(age=40 or gender=female) and big_lips=1", [0, 2]),
        ("not (age=30 or age=40)", [0]),
        ('place="new york"', [0]),
        ('place="or"', [1]),
        ("place=a/b or place=x-y", [2, 3]),
    ],
)
def test_selects(expression, rows):
    assert _chosen(expression) == rows


def test_what_is_unknown_satisfies_nothing_but_does_not_spoil_the_rest():
    # Face 2 has no age, face 3 no gender: one known part may settle "or", and "not ... and".
    assert _chosen("age<30 or gender=female") == [0, 2]
    assert _chosen("not (age<30 and gender=male)") == [0, 1, 2, 3]
    assert _chosen("not (age>30 or gender=male)") == [0]


@given(st.sampled_from(["age<25", "gender=male", "big_lips=0", "age!=40"]), st.data())
def test_not_is_the_complement_among_what_is_known(leaf, data):
    other = data.draw(st.sampled_from(["age>25", "big_lips=1", "gender!=male"]))
    # De Morgan's law holds in three-valued logic as well.
    left = _mask(f"not ({leaf} and {other})")
    right = _mask(f"not {leaf} or not {other}")
    np.testing.assert_array_equal(left, right)
    assert not (_mask(leaf) & _mask(f"not {leaf}")).any()


def _mask(expression):
    try:
        return select(expression, FACES)
    except UserError:
        return np.zeros(len(FACES), bool)


@pytest.mark.parametrize(
    "expression, message",
    [
        ("", "the selection is empty: write, for example, gender=female"),
        ("  ", "the selection is empty: write, for example, gender=female"),
        ("gender==female", "selection 'gender==female': a value expected at '=female'"),
        ("gender", "selection 'gender': one of = != < <= > >= after gender expected at the end"),
        ("gender female", "one of = != < <= > >= after gender expected at 'female'"),
        ("gender=", "selection 'gender=': a value expected at the end"),
        ("=female", "an attribute expected at '=female'"),
        ("gender=a age=3", "and, or, a comma or the end expected at 'age=3'"),
        ("(gender=a", "a closing parenthesis expected at the end"),
        ("gender=a)", "and, or, a comma or the end expected at ')'"),
        ("gender=a and", "an attribute expected at the end"),
        ("gender=a,,age=3", "an attribute expected at ',age=3'"),
        ("gender=and", "a value expected at 'and'"),
        ('gender="fem', "a value expected at '\"fem'"),
        ("gender!female", "one of = != < <= > >= after gender expected at '!female'"),
        ("gander=female", "no attribute 'gander': there are gender, age, big_lips, place"),
        ("lips=1", "no attribute 'lips': there are big_lips, age, gender, place"),
        ("gender<female", "gender<female: gender holds words: compare with = or !="),
        ("age=old", "age=old: age holds numbers, 'old' is none"),
        ("age!=nan", "age!=nan: age holds numbers, 'nan' is none"),
        ("gender=femal", "no face has gender=femal; values of gender: Female, female, male"),
        ('gender=""', "no face has gender=; values of gender: Female, female, male"),
        ("big_lips=2", "no face has big_lips=2; values of big_lips: 0, 1"),
        ("gender!=femal and age>90", "no face has gender=femal; values of gender"),
        ("age>90", r"empty memory: no face satisfies 'age>90' (4 faces)"),
        ("age>90 and age=20", r"empty memory: no face satisfies 'age>90 and age=20' (4 faces)"),
        ("(" * 5000, "selection of 5000 characters: nested too deeply"),
        ("not " * 5000 + "age=3", "nested too deeply"),
    ],
)
def test_mistakes(expression, message):
    with pytest.raises(UserError) as caught:
        select(expression, FACES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_purpose_is_named_and_long_lists_are_cut():
    faces = _faces(word=[f"w{i:02d}" for i in range(13)])
    with pytest.raises(UserError) as caught:
        select("word=x", faces, purpose="test set")
    assert str(caught.value) == (
        "empty test set: no face has word=x; values of word: "
        "w00, w01, w02, w03, w04, w05, w06, w07, w08, w09 and 3 more"
    )


def test_faces_without_attributes_or_values():
    with pytest.raises(UserError, match="no attribute 'age': nothing is known of these faces"):
        select("age=3", _faces())
    with pytest.raises(UserError, match="no face has age=3; values of age: none"):
        select("age=3", _faces(age=[NAN]))


def test_a_value_that_nobody_has_is_worth_a_warning(caplog):
    assert _chosen("gender=femal or age=20") == [0]
    assert "no face has gender=femal; values of gender: Female, female, male" in caplog.text


@given(st.text(alphabet="agender=<>!(),\" 'x1not", max_size=30))
def test_any_text_selects_or_is_refused_in_one_line(text):
    try:
        assert select(text, FACES).any()
    except UserError as error:
        assert "\n" not in str(error)


def test_people_are_chosen_by_name():
    assert _chosen("person=2.png") == [2]
    assert _chosen('person="0.png" or gender=male') == [0, 1]
    named = _faces(person=["ann", "bob"])
    assert _chosen("person=bob", named) == [1]
