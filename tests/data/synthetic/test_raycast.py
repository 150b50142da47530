import numpy as np
import pytest

from aign_tf.data.synthetic.raycast import View, meetings, nearest, seen_by
from aign_tf.data.synthetic.world_atlas import SIDE
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_paint import Material
from aign_tf.data.synthetic.world_places import Place
from aign_tf.data.synthetic.world_render import render

H, W = 48, 64
SKY = np.array([[200.0, 210.0, 220.0], [100.0, 150.0, 210.0]])
GREY = Material(np.full((SIDE, SIDE, 3), 128, np.uint8), (1.0, 1.0))


@pytest.fixture
def builder():
    return Builder(np.random.default_rng(0), ambient=1.0)


def view(rotation=None, position=(0.0, 0.0, 0.0)):
    rotation = np.eye(3) if rotation is None else rotation
    middle = np.array([31.2, 23.9])
    return View(rotation, np.array(position), np.array([55.0, 54.0]), middle, H, W)


def turn(yaw=0.0, pitch=0.0, roll=0.0):
    (a, b), (c, d), (e, f) = ((np.cos(t), np.sin(t)) for t in (yaw, pitch, roll))
    about_y = np.array([[a, 0, b], [0, 1, 0], [-b, 0, a]])
    about_x = np.array([[1, 0, 0], [0, c, -d], [0, d, c]])
    return about_y @ about_x @ np.array([[e, -f, 0], [f, e, 0], [0, 0, 1]])


def directions(camera):
    x, y = camera.rays(1)
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1)


def wall(b, z, half=50.0, **options):
    b.facing(Place(0, 0), (-half, -half, half, half), z, GREY, **options)


def test_a_wall_ahead_is_at_its_distance_everywhere(builder):
    wall(builder, 3.0)
    picture, depth = render(builder.finished(SKY), view(position=(0.3, -1.0, 0.5)))
    np.testing.assert_allclose(depth, 2.5, rtol=1e-6)
    assert (picture == 128).all()


def test_depth_of_a_wall_seen_askew_is_that_of_its_plane(builder):
    wall(builder, 3.0)
    rotation, position = turn(0.5, -0.2, 0.1), np.array([0.2, -0.4, 0.1])
    _, depth = render(builder.finished(SKY), view(rotation, position))
    towards = directions(view()) @ rotation.T
    np.testing.assert_allclose(depth, (3.0 - position[2]) / towards[..., 2], rtol=1e-5)


def test_depth_of_the_ground_is_height_over_slope_and_zero_above_the_horizon(builder):
    builder.lying(Place(0, 0), (-1e4, -1e4, 1e4, 1e4), 0.0, GREY)
    camera = view(position=(0, -1.4, 0))
    picture, depth = render(builder.finished(SKY), camera)
    slope = directions(camera)[..., 1]
    below = slope > 1e-3
    np.testing.assert_allclose(depth[below], 1.4 / slope[below], rtol=1e-4)
    assert (depth[slope < 0] == 0).all()
    blue = picture[slope < -0.05].astype(int)
    assert (blue[:, 2] > blue[:, 0]).all()


def test_the_nearest_of_several_surfaces_is_seen(builder):
    wall(builder, 5.0)
    wall(builder, 2.0, half=0.5, tint=0.5)
    wall(builder, 3.0, tint=0.25)
    picture, depth = render(builder.finished(SKY), view())
    assert depth[24, 31] == pytest.approx(2.0) and depth[2, 2] == pytest.approx(3.0)
    assert picture[24, 31, 0] == 64 and picture[2, 2, 0] == 32


def test_surfaces_are_not_seen_from_behind_nor_behind_the_camera(builder):
    wall(builder, 3.0)
    world = builder.finished(SKY)
    for camera in (view(position=(0, 0, 4.0)), view(turn(np.pi), (0, 0, 4.0)), view(turn(np.pi))):
        assert (render(world, camera)[1] == 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_no_ray_slips_between_the_sides_of_a_closed_room(builder, seed):
    rng = np.random.default_rng(seed)
    for quarter in range(4):
        place = Place(0, 0, quarter * np.pi / 2)
        builder.facing(place, (-2, -1.3, 2, 1.3), 2.0, GREY)
    builder.lying(Place(0, 0), (-2, -2, 2, 2), 1.3, GREY)
    builder.panel([(-2, -1.3, -2), (2, -1.3, -2), (2, -1.3, 2), (-2, -1.3, 2)], GREY)
    world = builder.finished(SKY)
    for rotation in [np.eye(3), *(turn(*rng.uniform(-3, 3, 3)) for _ in range(20))]:
        picture, depth = render(world, view(rotation, rng.uniform(-1, 1, 3)))
        assert (depth > 0).all() and (picture == 128).all()


def test_boxes_have_six_sides_turned_outwards(builder):
    builder.box(Place(0, 0, 0.4), (-0.5, -0.5, -0.5), (0.5, 0.5, 0.5), GREY)
    world = builder.finished(SKY)
    for rotation in (turn(), turn(2.0, 0.4), turn(-1.0, 1.2), turn(0.3, -1.3, 1.0)):
        eye = -3.0 * rotation[:, 2]
        _, depth = render(world, view(rotation, eye))
        # What a ray meets lies on the box, not in it.
        points = directions(view()) * depth[..., None] @ rotation.T + eye
        points = points[depth > 0] @ Place(0, 0, 0.4).turn
        np.testing.assert_allclose(np.abs(points).max(axis=-1), 0.5, atol=1e-4)


@pytest.mark.parametrize("rings", [[(-0.5, 0.4), (0.5, 0.6)], [(-0.5, 0), (0.5, 0.5)]])
def test_prisms_are_closed(builder, rings):
    builder.prism(Place(0, 0), rings, 7, GREY)
    world = builder.finished(SKY)
    for rotation in (turn(), turn(2.0, 0.9), turn(-1.0, -0.8)):
        camera = view(rotation, -3.0 * rotation[:, 2])
        _, depth = render(world, camera)
        seen = (depth > 0).astype(int)
        # No holes: each row and each column of pixels is one stretch.
        for axis in (0, 1):
            assert (np.abs(np.diff(seen, axis=axis)).sum(axis=axis) <= 2).all()
        assert 0.02 < seen.mean() < 0.3


def test_materials_have_their_size_in_metres(builder):
    stripes = np.zeros((SIDE, SIDE, 3), np.uint8)
    stripes[:, SIDE // 2 :] = 200
    panel = [(-9, -9, 2), (9, -9, 2), (9, 9, 2), (-9, 9, 2)]
    builder.panel(panel, Material(stripes, (0.8, 0.8)), origin=np.zeros(3))
    picture, _ = render(builder.finished(SKY), view())
    u = directions(view())[..., 0] * 2.0 / 0.8 % 1
    sure = np.abs(np.abs(u - 0.5) - 0.25) < 0.15
    np.testing.assert_array_equal(picture[sure][:, 0], np.where(u[sure] > 0.5, 200, 0))


def test_patterns_finer_than_pixels_are_blended(builder):
    chess = np.indices((SIDE, SIDE)).sum(axis=0) // 8 % 2 * 255
    chess = np.repeat(chess[..., None], 3, axis=-1).astype(np.uint8)
    panel = [(-90, -90, 20), (90, -90, 20), (90, 90, 20), (-90, 90, 20)]
    builder.panel(panel, Material(chess, (4.0, 4.0)))
    picture, _ = render(builder.finished(SKY), view())
    assert np.abs(picture.astype(int) - 127).max() < 12


def test_shadows_darken_what_they_lie_on_and_nothing_above(builder):
    ground = Place(0, 0)
    builder.lying(ground, (-9, 0, 9, 20), 0.0, GREY)
    builder.lying(ground, (0, 0, 9, 20), -0.3, GREY)
    builder.shadow(ground, (-4, 0, 4, 20), 0.5, soft=0.1)
    picture, _ = render(builder.finished(SKY), view(position=(0, -1.4, 0)))
    assert (picture[-1, 25] == 64).all() and (picture[-1, 50] == 128).all()


def test_every_ray_of_a_surface_is_met_once():
    corners = np.array([[(-1, -1, 3), (1, -1, 3), (1, 1, 3), (-1, 1, 3.0)]])
    met = meetings(view(), seen_by(view(), corners), 2)
    assert len(np.unique(met.ray)) == len(met.ray) > 0
    inverse, surface = nearest(met, 4 * H * W)
    np.testing.assert_allclose(inverse[surface == 0], 1 / 3, rtol=1e-6)
    assert (inverse[surface == -1] == 0).all()
    # 2 m at 3 m with focal lengths of 55 and 54 pixels, two rays each.
    assert abs((surface == 0).sum() - 4 * (55 * 2 / 3) * (54 * 2 / 3)) < 4 * 80
