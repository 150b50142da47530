"""Every number of metrics.json is told, with what it means and how it was made."""

from aign_tf.evaluation_card import evaluation_card

RESULT = {
    "task": "some_task",
    "preset": "smoke",
    "step": 12_000,
    "split": "validation",
    "samples": 1_000,
    "metrics": {"psnr_db": 22.714, "bias_rate": 1.0},
    "baselines": {"telea": {"psnr_db": 17.0}, "memory": {"bias_rate": None, "kid": -0.00123}},
    "groups": {},
    "notes": {},
}


def card(meanings=None, **others):
    """The blocks that are not empty."""
    return [block for block in evaluation_card({**RESULT, **others}, meanings or {}) if block]


def test_it_says_what_was_evaluated():
    first = card()[0]
    assert first.startswith("At step 12,000, on 1,000 observations of the validation split, ")
    assert "`aign` is this model" in first


def test_candidates_are_rows_and_metrics_of_any_of_them_columns():
    assert card()[1:] == [
        "|  | `psnr_db` | `bias_rate` | `kid` |\n"
        "| --- | --- | --- | --- |\n"
        "| `aign` | 22.71 | 1 | - |\n"
        "| `telea` | 17 | - | - |\n"
        "| `memory` | - | - | -0.00123 |"
    ]


def test_groups_have_a_table_of_their_own_that_begins_with_their_samples():
    groups = {"like": {"psnr_db": 20.5, "samples": 1234.0}, "other | like": {"samples": 5.0}}
    assert card(groups=groups)[2:] == [
        "`aign` by group or condition:",
        "|  | `samples` | `psnr_db` |\n"
        "| --- | --- | --- |\n"
        "| `like` | 1,234 | 20.5 |\n"
        "| `other \\| like` | 5 | - |",
    ]


def test_meanings_are_those_of_what_is_there_in_the_order_of_the_tables():
    meanings = {"kid": "a distance", "absent": "nothing", "telea": "a *classic*", "aign": "ours"}
    assert card(meanings)[2:] == ["- `aign`: ours\n- `telea`: a *classic*\n- `kid`: a distance"]


def test_a_metric_of_a_group_alone_is_explained_too():
    groups = {"like": {"height": 2.0}}
    assert card({"height": "in pixels"}, groups=groups)[-1] == "- `height`: in pixels"


def test_notes_say_how_the_numbers_were_made_as_they_were_typed():
    notes = {"probe": 0.123456, "data.dir": "/tmp/*b*", "unknown": None, "pictures": 1500.0}
    assert card(notes=notes)[2:] == [
        "How they were made:",
        "- `probe`: `0.1235`\n- `data.dir`: `/tmp/*b*`\n- `unknown`: `-`\n- `pictures`: `1,500`",
    ]


def test_a_note_that_is_called_like_a_metric_joins_its_meaning():
    notes = {"kid": "on small features", "psnr_db": 0.5}
    assert card({"kid": "a distance"}, notes=notes)[2:] == [
        "- `psnr_db`: 0.5\n- `kid`: a distance; on small features"
    ]
