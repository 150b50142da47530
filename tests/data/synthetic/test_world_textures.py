import numpy as np
import pytest

from aign_tf.data.synthetic import world_pictures as pictures
from aign_tf.data.synthetic import world_textures as textures
from aign_tf.data.synthetic.world_atlas import LEVELS, SIDE, Atlas
from aign_tf.data.synthetic.world_paint import colour, noise

BASE = np.float32([0.6, 0.5, 0.4])
REPEATING = {
    "tiles": textures.tiles,
    "panels": textures.panels,
    "planks": textures.planks,
    "bricks": textures.bricks,
    "slabs": textures.slabs,
    "plaster": lambda rng: textures.plaster(rng, BASE),
    "wallpaper": lambda rng: textures.wallpaper(rng, BASE),
    "rough": lambda rng: textures.rough(rng, BASE, 0.2, 4.0),
    "wood": textures.wood,
    "fabric": textures.fabric,
}
THINGS = {
    "books": pictures.books,
    "paintings": pictures.paintings,
    "rug": pictures.rug,
    "outdoors": pictures.outdoors,
    "door": pictures.door,
    "facade": lambda rng: pictures.facade(rng, textures.bricks(rng))[0],
}


@pytest.mark.parametrize("name", [*REPEATING, *THINGS])
def test_materials_have_texture_at_all_scales(name):
    material = {**REPEATING, **THINGS}[name](np.random.default_rng(1))
    assert material.picture.shape == (SIDE, SIDE, 3) and material.picture.dtype == np.uint8
    assert all(0.5 <= metres <= 12 for metres in material.metres)
    grey = material.picture.astype(np.float32).mean(axis=-1)
    for block in (1, 4, 16, 64):
        side = SIDE // block
        coarse = grey.reshape(side, block, side, block).mean(axis=(1, 3))
        assert coarse.std() > 1


@pytest.mark.parametrize("name", REPEATING)
@pytest.mark.parametrize("seed", range(3))
def test_repeating_materials_go_on_over_their_borders(name, seed):
    picture = REPEATING[name](np.random.default_rng(seed)).picture.astype(np.float32)
    for axis in (0, 1):
        steps = np.abs(np.diff(picture, axis=axis, append=picture.take([0], axis=axis)))
        steps = steps.mean(axis=(1 - axis, 2))
        assert steps[-1] <= 1.2 * steps[:-1].max()


def test_bricks_have_their_size_in_metres():
    material = textures.bricks(np.random.default_rng(0))
    rows = material.picture.astype(np.float32).mean(axis=(1, 2))
    spectrum = np.abs(np.fft.rfft(rows - rows.mean()))
    repeats = spectrum[10:].argmax() + 10
    assert material.metres[1] / repeats == pytest.approx(0.08)


@pytest.mark.parametrize("stretch", [1, 8, 16])
def test_noise_has_deviation_one_and_repeats(stretch):
    values = noise(np.random.default_rng(0), stretch=stretch)
    assert values.shape == (SIDE, SIDE) and values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=1e-3) and values.std() == pytest.approx(
        1, abs=1e-3
    )
    assert (
        np.abs(values[0] - values[-1]).mean() < 1
        and np.abs(values[:, 0] - values[:, -1]).mean() < 1
    )


def test_colours_of_the_wheel():
    np.testing.assert_allclose(colour(0, 1, 1), (1, 0, 0))
    np.testing.assert_allclose(colour(480, 0.5, 0.8), (0.4, 0.8, 0.4), atol=1e-6)


def test_the_atlas_reads_each_picture_between_texels_and_levels():
    ramp = np.broadcast_to((np.arange(SIDE) // 2)[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)
    atlas = Atlas([np.full((SIDE, SIDE, 3), 90, np.uint8), ramp])

    def sample(picture, column, row, level):
        shape = np.float32(column).reshape(1, -1).shape
        values = [np.broadcast_to(np.float32(v), shape).copy() for v in (column, row, level)]
        return atlas.sample(np.full(shape, picture, np.int32), *values)[0, :, 0]

    columns = np.array([10.5, 101.0, 300.25])
    assert (sample(0, columns, 7.0, 0.0) == 90).all()
    for level in (0.0, 1.0, 1.5, 3.0):
        np.testing.assert_allclose(sample(1, columns, 7.0, level), columns / 2, atol=1.5)
    # Pictures repeat in all directions, however far.
    far = sample(1, columns + 40 * SIDE, -3.0 * SIDE, 0.0)
    np.testing.assert_allclose(far, sample(1, columns, 0.0, 0.0), atol=0.5)
    assert sample(1, 77.0, 5.0, LEVELS + 3)[0] == pytest.approx(127, abs=64)
