import numpy as np
import pytest

from aign_tf.data.sequences import seven_scenes
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny


@pytest.fixture
def sequence(tmp_path):
    folder = tmp_path / "chess/seq-01"
    for i, pose in enumerate(tiny.poses(3)):
        tiny.picture(folder / f"frame-{i:06d}.color.png", (640, 480), i)
        depth = np.full((480, 640), 1000 * i)
        depth[0, 0] = 65535
        tiny.depth_map(folder / f"frame-{i:06d}.depth.png", depth)
        content = "\n".join("\t ".join(f"{value: .17e}" for value in row) for row in pose)
        tiny.text(folder / f"frame-{i:06d}.pose.txt", content + "\n")
    return folder


def test_everything(sequence):
    assert seven_scenes.recognises(sequence)
    assert not seven_scenes.recognises(sequence.parent)
    (footage,) = seven_scenes.read(sequence)
    assert (footage.name, footage.count) == ("seq-01", 3)
    assert (*footage.focal, *footage.principal_point) == (585, 585, 320, 240)
    assert [footage.read_image(i).max() for i in range(3)] == [0, 1, 2]
    depth = footage.read_depth(2)
    assert depth[0, 0] == 0
    assert depth[0, 1] == 2
    np.testing.assert_allclose(footage.poses, tiny.poses(3))


@pytest.mark.parametrize("lost", ["nan", "-inf", "-1.#IND00"])
def test_frames_with_a_lost_camera_are_left_out(sequence, lost, caplog):
    tiny.text(sequence / "frame-000001.pose.txt", f"{lost} {lost} {lost} {lost}\n" * 4)
    (footage,) = seven_scenes.read(sequence)
    assert [footage.read_image(i).max() for i in range(footage.count)] == [0, 2]
    assert footage.read_depth(1).max() == 2
    np.testing.assert_allclose(footage.poses, tiny.poses(3)[[0, 2]])
    assert "1 of 3 frames lost their pose" in caplog.text


def test_pictures_alone_in_another_size(sequence):
    for path in sequence.iterdir():
        path.unlink()
    tiny.picture(sequence / "frame-000000.color.jpg")
    with pytest.raises(UserError, match=r"pictures of 8x6, not 640x480 .* add intrinsics.txt"):
        seven_scenes.read(sequence)
    tiny.text(sequence.parent / "intrinsics.txt", "7 7 3.5 2.5")
    (footage,) = seven_scenes.read(sequence)
    assert footage.focal.tolist() == [7, 7]
    assert footage.poses is None
    assert footage.read_depth is None


@pytest.mark.parametrize(
    "content, message",
    [
        ("1 0 0 0\n0 1 0 0\n", "2 lines, 4 of 4 numbers are needed"),
        ("1 0 0 0\n0 1 0\n0 0 1 0\n0 0 0 1\n", "line 2: 3 values, 4 numbers are needed"),
        ("1 0 0 0\n0 a 0 0\n0 0 1 0\n0 0 0 1\n", "line 2: 'a' is not a finite number"),
        ("1 0 0 0\n0 1 0 0\n0 0 1 0\n1 2 3 1\n", "fourth row of pose 0 (from 0) is 1 2 3 1"),
        (None, "frame-000001.pose.txt: cannot be read: No such file"),
    ],
)
def test_poses_with_mistakes(sequence, content, message):
    path = sequence / "frame-000001.pose.txt"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(UserError) as caught:
        seven_scenes.read(sequence)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_usable_frame(sequence):
    for path in sequence.glob("*.pose.txt"):
        path.write_text("nan\n" * 16)
    with pytest.raises(UserError, match="no frame has a finite pose"):
        seven_scenes.read(sequence)
