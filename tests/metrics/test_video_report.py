"""The truth scores perfectly, baselines what their definition says, and samples are respected."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.clips import relative_motions
from aign_tf.data.sequences.roles import SequenceRoles
from aign_tf.metrics import video_report
from aign_tf.metrics.depth import depth_errors
from aign_tf.metrics.trajectory import trajectory_errors
from aign_tf.video_prediction import VideoFactors
from tests.data.sequences.numbered import numbered, numbers_of
from tests.data.sequences.textured_sphere import sphere_sequence

DEPTHS = {"abs_rel", "sq_rel", "rmse", "rmse_log", "a1", "a2", "a3"}
MOTIONS = {"ate_m", "ate_m_scaled", "rpe_trans_m", "rpe_rot_deg"}
ONE = sphere_sequence(5, name="sphere_001")
OTHER = sphere_sequence(4, speed=0.5, name="sphere_002")
REMEMBERED = [sphere_sequence(6, speed=0.7, name="sphere_003"), sphere_sequence(3)]
ROLES = SequenceRoles([], REMEMBERED, [ONE, OTHER], stride=1)


def true(recording):
    rotation, translation = relative_motions(recording.poses)
    turns = Rotation.from_rotvec(rotation).as_matrix()
    return VideoFactors(recording.depth, turns, translation)


def truths(*recordings):
    return {recording.name: true(recording) for recording in recordings}


def depth_names(scores):
    return {name.removesuffix("_scaled") for name in scores} & DEPTHS


# Which frames.


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("samples", [2, 3, 7, 10, 100])
def test_samples_are_respected(samples, stride):
    recordings = [numbered(count, name=str(count)) for count in (30, 20, 25)]
    some = video_report.chosen(recordings, stride, samples)
    assert 0 < sum(map(len, some)) <= samples
    for recording in some:
        whole = int(recording.name)
        assert len(recording) >= 2
        assert numbers_of(recording) == list(range(0, whole, stride))[: len(recording)]
    assert len({recording.name for recording in some}) == len(some) == min(3, max(1, samples // 2))


def test_with_enough_samples_all_frames_are_chosen():
    recordings = [numbered(9), numbered(8, name="other")]
    (one, other) = video_report.chosen(recordings, 2, 100)
    assert numbers_of(one) == [0, 2, 4, 6, 8] and numbers_of(other) == [0, 2, 4, 6]
    np.testing.assert_array_equal(one.poses, recordings[0].poses[::2])


def test_few_samples_come_from_the_first_and_the_last_recordings():
    recordings = [numbered(9, name=str(row)) for row in range(10)]
    names = [recording.name for recording in video_report.chosen(recordings, 1, 6)]
    assert len(names) == 3 and names[0] == "0" and names[-1] == "9"


# Scores.


def test_the_truth_scores_perfectly():
    scores = video_report.scores(truths(ONE, OTHER), [ONE, OTHER])
    for name in ("abs_rel", "sq_rel", "rmse", "rmse_log", *MOTIONS):
        assert scores[name] == pytest.approx(0, abs=1e-6), name
    assert [scores[name] for name in ("a1", "a2", "a3", "median_scale")] == [1, 1, 1, 1]
    assert 0 < scores["photometric_l1"] < 2  # Pictures are interpolated.
    assert all(isinstance(value, float) for value in scores.values())


def test_every_score_has_a_meaning():
    assert set(video_report.scores(truths(ONE), [ONE])) <= set(video_report.MEANINGS)


def test_wrong_depths_and_motions_by_hand():
    factors = true(ONE)
    far = factors._replace(depth=1.2 * factors.depth)
    scores = video_report.scores({ONE.name: far}, [ONE])
    assert scores["abs_rel"] == pytest.approx(0.2, abs=1e-4)
    assert scores["abs_rel_scaled"] == pytest.approx(0, abs=1e-4)
    assert scores["median_scale"] == pytest.approx(1 / 1.2, abs=1e-4)
    assert scores["rpe_trans_m"] == pytest.approx(0, abs=1e-6)
    aside = factors._replace(translation=np.add(factors.translation, [0.3, 0, 0.4]))
    scores = video_report.scores({ONE.name: aside}, [ONE])
    assert scores["rpe_trans_m"] == pytest.approx(0.5, abs=1e-6)
    assert scores["rpe_rot_deg"] == pytest.approx(0, abs=1e-4)
    assert scores["abs_rel"] == pytest.approx(0, abs=1e-6)


def test_what_does_not_fit_the_pictures_differs_more():
    factors, still = true(ONE), np.tile(np.eye(3), (4, 1, 1))
    wrong = [
        factors._replace(rotation=still, translation=0 * factors.translation),
        factors._replace(rotation=factors.rotation.swapaxes(1, 2)),
        factors._replace(depth=factors.depth / 2),
    ]
    best = video_report.scores(truths(ONE), [ONE])["photometric_l1"]
    for each in wrong:
        assert video_report.scores({ONE.name: each}, [ONE])["photometric_l1"] > 3 * best


def test_the_photometric_difference_by_hand():
    """Frames of one grey level each, a camera that stands still: the levels grow by 1 and by 7."""
    recording = numbered(30).take(np.array([0, 1, 8]))
    still = np.tile(np.eye(3), (2, 1, 1)), np.zeros((2, 3))
    scores = video_report.scores({"walk": VideoFactors(recording.depth, *still)}, [recording])
    assert scores["photometric_l1"] == pytest.approx(4, abs=1e-3)


def test_leaving_the_picture_does_not_pay():
    """Where the next frame shows nothing, a frame differs as if nothing had moved."""
    recording = numbered(30).take(np.array([0, 1, 8]))
    away = np.tile(np.eye(3), (2, 1, 1)), np.full((2, 3), 1000.0)
    scores = video_report.scores({"walk": VideoFactors(recording.depth, *away)}, [recording])
    assert scores["photometric_l1"] == pytest.approx(4, abs=1e-3)


def test_a_long_recording_is_scored_piece_by_piece_and_yet_whole():
    recording = numbered(50)
    still = np.tile(np.eye(3), (49, 1, 1)), np.zeros((49, 3))
    scores = video_report.scores({"walk": VideoFactors(recording.depth, *still)}, [recording])
    assert scores["photometric_l1"] == pytest.approx(1, abs=1e-3)


def test_errors_of_motions_are_root_mean_squares_over_all_steps():
    """Of 4 steps that miss by 3 cm and 3 that miss by 1 cm."""
    videos = {
        recording.name: true(recording)._replace(
            translation=np.add(true(recording).translation, [0, error, 0])
        )
        for recording, error in ((ONE, 0.03), (OTHER, 0.01))
    }
    scores = video_report.scores(videos, [ONE, OTHER])
    expected = np.sqrt((4 * 0.03**2 + 3 * 0.01**2) / 7)
    assert scores["rpe_trans_m"] == pytest.approx(expected, abs=1e-6)


def test_metrics_without_a_truth_are_left_out():
    nothing = dataclasses.replace(ONE, depth=None, poses=None)
    found = video_report.scores(truths(ONE), [nothing])
    assert set(found) == {"photometric_l1"}
    without_depth = video_report.scores(truths(ONE), [dataclasses.replace(ONE, depth=None)])
    assert set(without_depth) == {*MOTIONS, "photometric_l1"}
    without_poses = video_report.scores(truths(ONE), [dataclasses.replace(ONE, poses=None)])
    assert depth_names(without_poses) == DEPTHS and not MOTIONS & set(without_poses)


def test_recordings_without_a_truth_do_not_count():
    nothing = dataclasses.replace(OTHER, depth=None, poses=None)
    wrong = true(OTHER)._replace(depth=9 * OTHER.depth, translation=np.ones((3, 3)))
    videos = {**truths(ONE), OTHER.name: wrong}
    both, alone = (
        video_report.scores(videos, recordings) for recordings in ([ONE, nothing], [ONE])
    )
    assert both["photometric_l1"] > 3 * alone["photometric_l1"]
    for name in both.keys() - {"photometric_l1"}:
        assert both[name] == alone[name], name


def test_depths_without_any_reading_are_not_scored():
    blind = numbered(4, depth=np.zeros((4, 8, 12), np.float32))
    scores = video_report.scores({"walk": true(numbered(4))}, [blind])
    assert "abs_rel" not in scores and "rpe_trans_m" in scores


def test_a_single_frame_has_depths_to_score_and_nothing_else():
    """As of a recording that is no longer than the stride."""
    one = ONE.take(slice(1))
    factors = VideoFactors(one.depth, np.zeros((0, 3, 3)), np.zeros((0, 3)))
    assert depth_names(video_report.scores({one.name: factors}, [one])) == DEPTHS
    assert depth_names(video_report.baselines([one], ROLES)["constant_depth"]) == DEPTHS


# Baselines.


@pytest.fixture(scope="module")
def baselines():
    return video_report.baselines([ONE, OTHER], ROLES)


def all_depths():
    return np.concatenate([ONE.depth, OTHER.depth])


def test_constant_and_mean_depths_by_hand(baselines):
    remembered, truth = np.concatenate([each.depth for each in REMEMBERED]), all_depths()
    constant = np.full_like(truth, np.median(remembered))
    mean = np.broadcast_to(remembered.mean(axis=0), truth.shape)
    for name, depth in (("constant_depth", constant), ("mean_depth_map", mean)):
        for metric, value in depth_errors(depth, truth).items():
            assert baselines[name][metric] == pytest.approx(value, rel=1e-4), (name, metric)


def test_zero_and_mean_motions_by_hand(baselines):
    def steps(recordings):
        motions = [np.concatenate(relative_motions(each.poses), axis=1) for each in recordings]
        return np.concatenate(motions)

    usual = steps(REMEMBERED).mean(axis=0)
    truth = steps([ONE, OTHER])
    angles = np.degrees(np.linalg.norm(truth[:, :3], axis=1))
    root = lambda values: np.sqrt(np.mean(values**2))  # noqa: E731
    assert baselines["zero_motion"]["rpe_rot_deg"] == pytest.approx(root(angles), rel=1e-4)
    lengths = np.linalg.norm(truth[:, 3:], axis=1)
    assert baselines["zero_motion"]["rpe_trans_m"] == pytest.approx(root(lengths), rel=1e-4)
    turn = Rotation.from_rotvec(usual[:3]).as_matrix()
    errors = [
        trajectory_errors(np.tile(turn, (n, 1, 1)), np.tile(usual[3:], (n, 1)), recording.poses)
        for recording, n in ((ONE, 4), (OTHER, 3))
    ]
    for metric in MOTIONS:
        expected = np.sqrt(np.average([e[metric] ** 2 for e in errors], weights=[4, 3]))
        assert baselines["mean_motion"][metric] == pytest.approx(expected, rel=1e-3), metric


def test_baselines_have_the_metrics_that_apply(baselines):
    for name in ("constant_depth", "mean_depth_map"):
        assert depth_names(baselines[name]) == DEPTHS and not MOTIONS & set(baselines[name])
    for name in ("zero_motion", "mean_motion"):
        assert set(baselines[name]) == MOTIONS


def test_the_mean_map_is_that_of_the_readings():
    """Of two maps, one pixel is read once, one twice, one never: there the median stands."""
    depth = np.zeros((2, 8, 12), np.float32)
    depth[:] = 3
    depth[0, 0, 0], depth[1, 0, 0] = 0, 5
    depth[:, 0, 1] = 2, 4
    depth[:, 0, 2] = 0
    memory = numbered(2, depth=depth)
    expected = np.full((2, 8, 12), 3, np.float32)
    expected[:, 0, 0] = 5
    still = dataclasses.replace(numbered(2), depth=expected, poses=None)
    found = video_report.baselines([still], SequenceRoles([], [memory], [], 1))
    assert found["mean_depth_map"]["abs_rel"] == pytest.approx(0, abs=1e-6)
    assert found["constant_depth"]["abs_rel"] == pytest.approx(0.4 / 96, rel=1e-4)


def test_baselines_of_recordings_without_truth_have_no_metrics():
    nothing = dataclasses.replace(ONE, depth=None, poses=None)
    assert not any(video_report.baselines([nothing], ROLES).values())


# Groups.


def test_groups_are_kinds_of_recordings():
    names = ("room_000", "room_001", "street_002")
    recordings = [dataclasses.replace(ONE, name=name) for name in names]
    videos = {name: true(ONE) for name in names}
    videos["street_002"] = true(ONE)._replace(depth=1.5 * ONE.depth)
    found = video_report.groups(videos, recordings)
    assert list(found) == ["room", "street"]
    assert [group["samples"] for group in found.values()] == [10, 5]
    assert found["room"]["abs_rel"] == pytest.approx(0, abs=1e-6)
    assert found["street"]["abs_rel"] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    "names", [["room_000"], ["room_000", "room_001"], ["a/seq-01", "a/seq-02"]]
)
def test_recordings_of_one_kind_are_no_groups(names):
    recordings = [dataclasses.replace(ONE, name=name) for name in names]
    assert video_report.groups(dict.fromkeys(names, true(ONE)), recordings) == {}


def test_recordings_named_by_numbers_alone_are_each_of_their_kind():
    names = ["09", "10"]
    recordings = [dataclasses.replace(ONE, name=name) for name in names]
    found = video_report.groups(dict.fromkeys(names, true(ONE)), recordings)
    assert list(found) == names


# The picture.


def test_a_sheet_shows_frames_and_the_depths_of_all_candidates():
    candidates = {"truth again": truths(ONE, OTHER)}
    candidates["nearer"] = {
        name: video._replace(depth=video.depth / 3) for name, video in truths(ONE, OTHER).items()
    }
    picture = video_report.sheet(candidates, [ONE, OTHER], rows=3)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    columns = np.array_split(picture[20:], 4, axis=1)  # Frames, two candidates, the truth.
    brightness = [column.mean() for column in columns]
    assert brightness[2] > brightness[1] + 10  # What is near is bright.
    assert abs(brightness[1] - brightness[3]) < 5
    unknown = [dataclasses.replace(each, depth=None) for each in (ONE, OTHER)]
    narrower = video_report.sheet(candidates, unknown, rows=3)
    assert narrower.shape[1] < picture.shape[1] and narrower.shape[0] == picture.shape[0]


def test_a_candidate_of_another_scale_leaves_the_others_their_colours():
    ours = truths(ONE)
    tiny = {name: video._replace(depth=video.depth / 50) for name, video in ours.items()}
    alone = video_report.sheet({"ours": ours}, [ONE], rows=2)
    beside = video_report.sheet({"ours": ours, "tiny": tiny}, [ONE], rows=2)
    width = alone.shape[1] * 2 // 3
    np.testing.assert_array_equal(beside[20:, :width], alone[20:, :width])
    assert (
        beside[20:, width + 4 : -width // 2 - 4].std(axis=(0, 1)).max() < 40
    )  # As near as can be.


def test_a_sheet_has_at_most_the_frames_there_are():
    few, many = (video_report.sheet({"a": truths(ONE)}, [ONE], rows) for rows in (2, 50))
    assert few.shape[0] < many.shape[0] < 4 * few.shape[0]


def test_a_truth_without_any_reading_can_be_shown():
    unread = dataclasses.replace(ONE, depth=0 * ONE.depth)
    assert video_report.sheet({"a": truths(ONE)}, [unread], 2).std() > 0
