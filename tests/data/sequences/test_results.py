import cv2
import numpy as np
import pytest
import trimesh
from PIL import Image

from aign_tf.data.poses import animation
from aign_tf.data.sequences.depth_files import read_depth16
from aign_tf.data.sequences.results import resized, write_results
from aign_tf.errors import UserError
from aign_tf.metrics.trajectory import chain

COUNT, HEIGHT, WIDTH = 5, 24, 32
FOCAL, CENTRE = np.array([30.0, 30.0]), np.array([15.5, 11.5])
NAMES = [
    "depth",
    "depth_colour",
    "trajectory.txt",
    "trajectory.png",
    "cloud.ply",
    "side_by_side.mp4",
]


def recording(count=COUNT):
    """A camera that walks 10 cm a frame towards a green wall, 3 m away at first."""
    frames = np.full((count, HEIGHT, WIDTH, 3), [20, 180, 40], np.uint8)
    depth = np.empty((count, HEIGHT, WIDTH), np.float32)
    depth[:] = 3 - 0.1 * np.arange(count)[:, None, None]
    motion = np.tile(np.eye(3), (count - 1, 1, 1)), np.tile([0, 0, -0.1], (count - 1, 1))
    return frames, depth, chain(*motion)


def write(output, name="walk", count=COUNT, fps=10.0, size=(WIDTH, HEIGHT)):
    return write_results(output, name, *recording(count), FOCAL, CENTRE, fps, size)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write(tmp_path_factory.mktemp("results"), size=(96, 60))


def test_a_video_becomes_files_of_every_kind(tmp_path):
    written = write(tmp_path / "out")
    assert written == [tmp_path / "out" / "walk" / name for name in NAMES]
    assert sorted(written) == sorted((tmp_path / "out" / "walk").iterdir())
    for folder in written[:2]:
        names = sorted(path.name for path in folder.iterdir())
        assert names == [f"00000{frame}.png" for frame in range(COUNT)]


def test_depths_are_millimetres_of_the_size_asked_for(written):
    folder, colours, *_ = written
    for frame in range(COUNT):
        stored = read_depth16(folder / f"00000{frame}.png")
        np.testing.assert_array_equal(stored, np.full((60, 96), 3000 - 100 * frame))
        assert Image.open(colours / f"00000{frame}.png").size == (96, 60)


def test_colours_are_the_same_for_the_same_depth_in_all_frames(written):
    colours = written[1]
    shown = [
        np.asarray(Image.open(path))[0, 0].astype(int).sum() for path in sorted(colours.iterdir())
    ]
    assert np.all(np.diff(shown) > 0)  # The wall comes nearer, and so grows brighter.


def test_the_path_is_a_text_of_the_tum_benchmark_and_a_picture(written):
    _, _, text, picture, *_ = written
    rows = np.loadtxt(text)
    np.testing.assert_allclose(rows[:, 0], 0.1 * np.arange(COUNT))
    np.testing.assert_allclose(rows[:, 3], 0.1 * np.arange(COUNT), atol=1e-9)
    np.testing.assert_allclose(rows[:, 4:], np.tile([0, 0, 0, 1], (COUNT, 1)))
    assert Image.open(picture).size == (960, 480)


def test_the_wall_is_one_plane_of_points_in_the_world(written):
    stored = trimesh.load(written[4])
    assert len(stored.vertices) == COUNT * HEIGHT * WIDTH
    np.testing.assert_allclose(stored.vertices[:, 2], 3, rtol=1e-6)
    assert np.all(stored.colors[:, :3] == [20, 180, 40])


def film(path):
    video, pictures = cv2.VideoCapture(str(path)), []
    while True:
        found, picture = video.read()
        if not found:
            return np.stack(pictures), video.get(cv2.CAP_PROP_FPS)
        pictures.append(picture[..., ::-1])


def test_a_film_shows_frames_beside_depths_large_enough_to_see(written):
    pictures, fps = film(written[5])
    assert pictures.shape == (COUNT, 240, 2 * 320, 3) and fps == 10
    left = pictures[:, :, 20:300].astype(int)
    assert np.abs(left - [20, 180, 40]).mean() < 15
    assert pictures[-1, 120, 480].astype(int).sum() > pictures[0, 120, 480].astype(int).sum()


def test_a_film_has_an_end_but_the_depths_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MAX_FRAMES", 3)
    written = write(tmp_path)
    assert len(film(written[5])[0]) == 3
    assert len(list(written[0].iterdir())) == COUNT


@pytest.mark.parametrize("fps, shown", [(0.5, 1), (240.0, 120)])
def test_frame_rates_beyond_what_a_film_can_do(tmp_path, fps, shown):
    written = write(tmp_path, count=2, fps=fps)
    assert film(written[5])[1] == shown
    assert np.loadtxt(written[2])[1, 0] == pytest.approx(1 / fps, abs=1e-6)


def test_a_single_picture_is_enough(tmp_path):
    written = write(tmp_path, count=1)
    assert np.loadtxt(written[2]).tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert len(film(written[5])[0]) == 1


def test_files_are_replaced_and_sub_folders_are_made(tmp_path):
    for _ in range(2):
        written = write(tmp_path, "drive/02.a", count=2)
    assert written == [tmp_path / "drive" / "02.a" / name for name in NAMES]
    assert not [path for path in tmp_path.rglob(".*")]


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/.."])
def test_nothing_is_written_outside_the_output(tmp_path, name):
    with pytest.raises(UserError, match=r"would be written outside .*out: rename it"):
        write(tmp_path / "in" / "out", name)
    assert not list(tmp_path.iterdir())


def test_a_plane_in_another_size_remains_that_plane():
    def plane(height, width):
        """Inverse depth is linear in the picture, whose edges stay where they are."""
        y, x = np.mgrid[:height, :width]
        return (1 / (0.2 + 0.3 * (x + 0.5) / width + 0.1 * (y + 0.5) / height)).astype(np.float32)

    found = resized(plane(24, 32), (96, 60))
    inner = (
        slice(3, -3),
        slice(3, -3),
    )  # Beyond the middles of the outermost pixels nothing is known.
    np.testing.assert_allclose(found[inner], plane(60, 96)[inner], rtol=1e-4)
    np.testing.assert_array_equal(resized(plane(24, 32), (32, 24)), 1 / (1 / plane(24, 32)))
