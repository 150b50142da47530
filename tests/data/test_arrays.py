import re

import numpy as np
import pytest

from aign_tf.data.arrays import load_arrays, numbers
from aign_tf.errors import UserError

NESTED = {"S1": {"Walking 1": [np.ones((2, 17, 2)), np.zeros((3, 17, 2))], "Posing": [None]}}
SYMMETRY = {"keypoints_symmetry": [[4, 5], [1, 2]], "num_joints": 17}


class _Harmful:
    """Makes a file named "ran" when it is read from a pickle."""

    def __reduce__(self):
        return open, ("ran", "w")


def _refuses(path, message, allow_pickle=False):
    with pytest.raises(UserError, match=message) as caught:
        load_arrays(path, allow_pickle)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_arrays_keep_their_names(tmp_path):
    values = np.arange(6.0).reshape(1, 3, 2)
    np.save(tmp_path / "walk.npy", values)
    np.savez(tmp_path / "two.npz", **{"S1/walk": values, "sit": values + 1})
    np.savez_compressed(tmp_path / "small.npz", walk=values)
    for allow_pickle in (False, True):
        (name, array), *_ = load_arrays(tmp_path / "walk.npy", allow_pickle).items()
        assert name == "walk"
        np.testing.assert_array_equal(array, values)
        assert list(load_arrays(tmp_path / "two.npz", allow_pickle)) == ["S1/walk", "sit"]
        np.testing.assert_array_equal(load_arrays(str(tmp_path / "small.npz"))["walk"], values)


def test_nested_objects_become_names(tmp_path):
    path = tmp_path / "data_2d_h36m_gt.npz"
    np.savez_compressed(path, positions_2d=NESTED, metadata=SYMMETRY)
    arrays = load_arrays(path, allow_pickle=True)
    assert list(arrays) == [
        "S1/Walking 1/0",
        "S1/Walking 1/1",
        "metadata/keypoints_symmetry/0",
        "metadata/keypoints_symmetry/1",
        "metadata/num_joints",
    ]
    np.testing.assert_array_equal(arrays["S1/Walking 1/1"], np.zeros((3, 17, 2)))
    assert arrays["metadata/keypoints_symmetry/0"].tolist() == [4, 5]
    assert arrays["metadata/num_joints"] == 17
    np.savez_compressed(path, positions_3d={"S1": {"Walking 1": np.ones((2, 32, 3))}})
    assert list(load_arrays(path, allow_pickle=True)) == ["S1/Walking 1"]


def test_pickles_are_not_opened_unasked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("harm.npy", np.array([_Harmful()], dtype=object))
    np.savez("harm.npz", clip=np.array([_Harmful()], dtype=object))
    for path in ("harm.npy", "harm.npz"):
        _refuses(path, "if you trust who made it, add --set=data.allow_pickle=true ")
    assert not (tmp_path / "ran").exists()


def test_a_bare_pickle_is_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harm.npy").write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR.")
    for allow_pickle in (False, True):
        _refuses("harm.npy", "not a .npy or .npz file", allow_pickle)
    assert not (tmp_path / "ran").exists()


def test_files_that_are_none(tmp_path):
    _refuses(tmp_path / "absent.npz", "no such file")
    _refuses(tmp_path, "no such file")
    (tmp_path / "text.npz").write_text("0 1 2")
    _refuses(tmp_path / "text.npz", "not a .npy or .npz file as NumPy writes them")
    np.save(tmp_path / "walk.npy", np.zeros((4, 17, 2)))
    (tmp_path / "walk.dat").write_bytes((tmp_path / "walk.npy").read_bytes())
    _refuses(tmp_path / "walk.dat", "not a .npy or .npz file")
    np.savez(tmp_path / "none.npz")
    _refuses(tmp_path / "none.npz", "holds no arrays")


@pytest.mark.parametrize("name", ["walk.npy", "walk.npz"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
@pytest.mark.parametrize("allow_pickle", [False, True])
def test_cut_files(tmp_path, name, share, allow_pickle):
    path = tmp_path / name
    save = np.save if name.endswith("npy") else np.savez_compressed
    save(path, np.random.default_rng(0).normal(size=(9, 17, 2)))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    _refuses(path, "damaged: ", allow_pickle)


def test_numbers():
    np.testing.assert_array_equal(numbers([[1, 2.5], [np.nan, 0]], "x"), [[1, 2.5], [np.nan, 0]])
    assert numbers(np.ones(2, np.uint8), "x").dtype == np.float64
    for value, message in [
        (["a"], "x: not numbers (type <U1)"),
        ([None, 1], "x: not numbers (type object)"),
        ([True], "x: not numbers (type bool)"),
        ([[1, 2], [3]], "x: lists of unequal length where an array should be"),
        ([np.inf], "x: a number is infinite or too large"),
        ([1e300], "x: a number is infinite or too large"),
    ]:
        with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
            numbers(value, "x")
