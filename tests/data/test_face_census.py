"""How many faces are observed and remembered, counted once each."""

import dataclasses

from aign_tf.data.face_census import census
from aign_tf.data.face_roles import FaceDataConfig, load_roles

CONFIG = FaceDataConfig(image_size=32, samples=300)


def counted(roles, beginning):
    return sum(count for group, count in census(roles).items() if group.startswith(beginning))


def test_every_picture_is_counted_in_its_role():
    roles = load_roles(CONFIG, seed=0)
    assert counted(roles, "pictures observed") == len(roles.observed)
    assert counted(roles, "pictures remembered") == len(roles.memory)
    assert counted(roles, "of these") == 0


def test_the_observed_who_look_like_the_memory_already_are_counted():
    roles = load_roles(dataclasses.replace(CONFIG, memory_share=0.5), seed=0)
    assert counted(roles, "of these") == roles.matches.sum() > 0


def test_people_are_counted_once_however_many_pictures_show_them():
    config = dataclasses.replace(CONFIG, portraits=20, memory="person=portrait")
    counts = census(load_roles(config, seed=0))
    assert counts["people remembered, at most"] == 1
    assert counts["pictures remembered, the same in every split"] == 20
    assert "pictures remembered, train" not in counts
