"""Who is observed and who is remembered: never both."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from aign_tf.data.face_roles import FEW, FaceDataConfig, load_roles
from aign_tf.data.synthetic import faces as procedural
from aign_tf.errors import UserError

CONFIG = FaceDataConfig(image_size=32, samples=160)


def roles(seed=0, **values):
    return load_roles(dataclasses.replace(CONFIG, **values), seed)


def pictures(faces):
    return {image.tobytes() for image in faces.images}


def write(folder, faces):
    folder.mkdir()
    for name, image in zip(faces.names, faces.images):
        Image.fromarray(image).save(folder / f"{name}.png")


def test_memory_is_who_was_asked_for_and_the_rest_is_observed():
    cast = roles(memory="gender=female")
    assert set(cast.memory.attributes["gender"]) == {"female"}
    assert set(cast.observed.attributes["gender"]) == {"male"}
    assert len(cast.memory) + len(cast.observed) == 160


@pytest.mark.parametrize("memory", ["gender=female", "big_lips=1", "age<40 and gender=male"])
@pytest.mark.parametrize("observed", ["", "age>=20", "smiling=0 or gender=male"])
def test_no_picture_has_both_roles(memory, observed):
    cast = roles(memory=memory, observed=observed)
    assert not pictures(cast.memory) & pictures(cast.observed)
    assert not set(cast.memory.names) & set(cast.observed.names)


def test_a_share_of_those_asked_for_is_remembered_and_the_others_match():
    cast = roles(memory="gender=female", memory_share=0.5)
    observed, memory = cast.observed.attributes["gender"], cast.memory.attributes["gender"]
    assert set(memory) == {"female"} and set(observed) == {"female", "male"}
    np.testing.assert_array_equal(cast.matches, observed == "female")
    assert 0.7 < len(memory) / cast.matches.sum() < 1.4
    women = cast.observed.select(cast.matches)
    assert not set(women.person) & set(cast.memory.person)
    assert not roles(memory="gender=female").matches.any()


def test_matches_go_with_their_faces_into_every_split():
    cast = roles(memory="gender=female", memory_share=0.5)
    for split in ("train", "validation", "test"):
        part = cast.in_split(split)
        np.testing.assert_array_equal(part.matches, part.observed.attributes["gender"] == "female")


def test_one_person_is_remembered_whole():
    cast = roles(memory="person=portrait", portraits=FEW + 10, memory_share=0.5)
    assert len(cast.memory) == FEW + 10 and len(cast.observed) == 160
    assert cast.shows_one_person and cast.keeps_memory_whole
    for split in ("train", "validation", "test"):
        assert pictures(cast.in_split(split).memory) == pictures(cast.memory)


def test_a_memory_of_few_pictures_is_kept_whole():
    few = roles(memory="gender=female", samples=2 * FEW - 30)
    many = roles(memory="gender=female", samples=2 * FEW + 60)
    assert len(few.memory) < FEW < len(many.memory)
    assert pictures(few.in_split("test").memory) == pictures(few.memory)
    assert set(many.in_split("test").memory.split) == {"test"}
    assert not few.shows_one_person
    assert not many.in_split("test").keeps_memory_whole


def test_observed_narrows_the_rest():
    cast = roles(memory="big_lips=1", observed="gender=female")
    assert set(cast.observed.attributes["gender"]) == {"female"}
    assert set(cast.observed.attributes["big_lips"]) == {0.0}
    assert set(cast.memory.attributes["gender"]) == {"female", "male"}


def test_faces_depend_on_the_seed_alone():
    assert pictures(roles(seed=1).observed) == pictures(roles(seed=1).observed)
    assert pictures(roles(seed=1).observed) != pictures(roles(seed=2).observed)


def test_a_memory_folder_is_remembered_whole(tmp_path):
    others = procedural.face_set(procedural.generate(60, 32, seed=5))
    write(tmp_path / "memory", others)
    cast = roles(memory_dir=str(tmp_path / "memory"), memory="no such=thing")
    assert pictures(cast.memory) == pictures(others)
    assert len(cast.observed) == 160


def test_folders_of_both_roles(tmp_path):
    faces = procedural.face_set(procedural.generate(100, 32, seed=5))
    write(tmp_path / "observed", faces.select(np.arange(50)))
    write(tmp_path / "memory", faces.select(np.arange(50, 100)))
    cast = roles(dir=str(tmp_path / "observed"), memory_dir=str(tmp_path / "memory"))
    assert (len(cast.observed), len(cast.memory)) == (50, 50)
    assert not pictures(cast.memory) & pictures(cast.observed)


def test_pictures_of_one_name_in_two_folders_are_not_of_one_person(tmp_path):
    faces = procedural.face_set(procedural.generate(100, 32, seed=5))
    same = dataclasses.replace(faces.select(np.arange(50, 100)), names=faces.names[:50])
    write(tmp_path / "observed", faces.select(np.arange(50)))
    write(tmp_path / "memory", same)
    cast = roles(dir=str(tmp_path / "observed"), memory_dir=str(tmp_path / "memory"))
    assert set(cast.memory.names) == set(cast.observed.names)
    assert not set(cast.memory.person) & set(cast.observed.person)


def test_portraits_are_procedural(tmp_path):
    with pytest.raises(UserError, match=r"data\.portraits are procedural faces"):
        roles(dir=str(tmp_path), portraits=5)


def test_a_memory_folder_inside_the_observed_folder_gives_no_picture_both_roles(tmp_path):
    faces = procedural.face_set(procedural.generate(100, 32, seed=5))
    write(tmp_path / "faces", faces.select(np.arange(60)))
    write(tmp_path / "faces" / "chosen", faces.select(np.arange(60, 100)))
    try:
        cast = roles(dir=str(tmp_path / "faces"), memory_dir=str(tmp_path / "faces" / "chosen"))
    except UserError:
        return
    both = pictures(cast.memory) & pictures(cast.observed)
    assert len(both) == 0


def test_an_empty_memory_is_explained():
    with pytest.raises(UserError, match="empty memory: no face has gender=alien; values of gender"):
        roles(memory="gender=alien")
    with pytest.raises(UserError, match="empty memory: no face satisfies 'age>300'"):
        roles(memory="age>300")


def test_empty_observations_are_explained():
    with pytest.raises(UserError, match="empty observations: no face satisfies 'age>300'"):
        roles(observed="age>300")
    with pytest.raises(UserError, match="no observed face in the train split of the procedural"):
        roles(memory="gender=female", observed="gender=female")


def test_a_memory_without_training_faces_is_explained(tmp_path):
    faces = procedural.face_set(procedural.generate(FEW, 32, seed=0))
    write(tmp_path / "memory", faces)
    rows = [f"{name}.png,test" for name in faces.names]
    (tmp_path / "memory" / "attributes.csv").write_text("\n".join(["file,split", *rows]))
    with pytest.raises(UserError, match="no remembered face in the train split"):
        roles(memory_dir=str(tmp_path / "memory"))


def test_an_unknown_attribute_names_those_that_exist():
    with pytest.raises(UserError, match="no attribute 'big_lip': there are big_lips, "):
        roles(memory="big_lip=1")


@pytest.mark.parametrize(("field", "role"), [("observed", "observed"), ("memory", "remembered")])
def test_a_split_without_anybody_is_explained(field, role):
    cast = roles()
    faces = getattr(cast, field)
    rest = faces.split != "validation"
    changed = {field: faces.select(rest)}
    if field == "observed":
        changed["matches"] = cast.matches[rest]
    cast = dataclasses.replace(cast, **changed)
    assert set(cast.in_split("test").memory.split) == {"test"}
    with pytest.raises(UserError, match=f"no {role} face in the validation split of the proc"):
        cast.in_split("validation")


def test_faces_to_look_at_are_held_out_where_there_are_any():
    cast = roles()
    looked_at = cast.to_look_at(5)
    assert len(looked_at) == 5 and "train" not in looked_at.split
    everybody = cast.observed.select(cast.observed.split == "train")
    alone = dataclasses.replace(cast, observed=everybody)
    assert len(alone.to_look_at(5)) == 5
