"""Whoever gets nothing but the exported folder reads the truth about it."""

import functools
import pathlib

import pytest

import tasks
from aign_tf.config import flat, override
from aign_tf.export import Exported
from aign_tf.files import write_json
from aign_tf.model_card import FILE, Facts, model_card, write_model_card
from aign_tf.run_folder import RunFolder
from tasks.faces_inpaint import FacesInpaint
from tests.tiny import Tiny

COUNTS = {"pictures observed, train": 3150, "pictures remembered, train": 2}
RESULT = {
    "step": 20,
    "split": "test",
    "samples": 1234,
    "metrics": {"hole_psnr_db": 22.71, "bias_rate": 1.0},
    "baselines": {"telea": {"hole_psnr_db": 17.7}, "memory": {"bias_rate": None}},
    "groups": {"already | big": {"hole_psnr_db": 21.5, "samples": 51234.0}},
    "notes": {"probe": 0.12345, "bias_rate": "of a probe", "data.dir": "/tmp/*b*"},
}


@functools.cache
def generator(task_type):
    return task_type(task_type.configure(next(iter(task_type.presets)), {})).generator()


def facts(path, task=None, **others):
    task = task or FacesInpaint(FacesInpaint.configure("smoke", {}))
    run = RunFolder(path / "a run")
    run.claim("some_task", "smoke" if "smoke" in task.presets else "default", flat(task.config))
    files = [
        Exported(pathlib.Path("out/saved_model"), 0.0, 2_750_000),
        Exported(pathlib.Path("out/model.tflite"), 6e-4, 1_170_000),
    ]
    found = Facts(task, run, "Does something.", generator(type(task)), files, "float16", COUNTS)
    return found._replace(**others)


def faces(path, **values):
    """The card of a run with other settings: `data__memory="..."`."""
    given = {key.replace("__", "."): value for key, value in values.items()}
    return model_card(facts(path, FacesInpaint(FacesInpaint.configure("smoke", given))))


def section(card, title):
    return card.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_it_names_what_goes_in_and_comes_out(tmp_path):
    card = model_card(facts(tmp_path))
    assert card.startswith("# some_task\n\nDoes something.\n")
    assert (
        "| input | `image` | `[64, 64, 3]` | aligned RGB face in [-1, 1], 0 where hidden |" in card
    )
    assert "| output | `completed` | `[64, 64, 3]` |" in card
    assert f"- Parameters: {generator(FacesInpaint).count_params():,}\n" in card


def test_files_have_sizes_errors_and_only_the_quantised_one_says_so(tmp_path):
    card = model_card(facts(tmp_path))
    assert "| `saved_model` | 2.75 MB | none | 0 |" in card
    assert "| `model.tflite` | 1.17 MB | float16 | 0.0006 |" in card


def test_it_says_where_faces_come_from_and_how_many_there_are(tmp_path):
    card = faces(tmp_path, data__dir="/faces", data__memory="age>60", data__observed="age<30")
    data = section(card, "Data and memory")
    assert "- Data: `/faces`\n- Observed: what is not remembered and satisfies `age<30`\n" in data
    assert "what satisfies `age>60` in the same data\n" in data
    assert "| pictures observed, train | 3,150 |" in data
    assert "procedural" not in data


def test_a_folder_of_the_memory_takes_the_place_of_the_expression(tmp_path):
    data = section(faces(tmp_path, data__dir="/faces", data__memory_dir="/them"), "Data and memory")
    assert "Memory, which outputs are made to look like: `/them`\n" in data


def test_who_learned_from_procedural_data_says_that_it_is_not_for_real_ones(tmp_path):
    data = section(faces(tmp_path), "Data and memory")
    assert "no real person" in data and "do not expect it to work on real ones" in data


def test_data_out_of_reach_are_not_counted_and_nothing_was_compared_on_them(tmp_path):
    card = model_card(facts(tmp_path, composition=None))
    assert "Counts are unknown" in card and "| count |" not in card
    assert "random inputs" in card and "held-out observations" not in card


def test_a_run_that_was_not_evaluated_says_so_and_how_to(tmp_path):
    metrics = section(model_card(facts(tmp_path)), "Metrics")
    assert "**Not evaluated**" in metrics
    assert f"`python -m tools.evaluate --run_dir='{tmp_path}/a run'`" in metrics


def test_an_evaluation_is_told_with_its_groups_baselines_and_notes(tmp_path):
    about = facts(tmp_path)
    write_json(about.run.metrics, RESULT)
    metrics = section(model_card(about), "Metrics")
    assert "At step 20, on 1,234 observations of the test split" in metrics
    assert "| `aign` | 22.71 | 1 |\n| `telea` | 17.7 | - |\n| `memory` | - | - |" in metrics
    assert "|  | `samples` | `hole_psnr_db` |" in metrics
    assert "| `already \\| big` | 51,234 | 21.5 |" in metrics
    assert "- `telea`: classical inpainting" in metrics and "mean_colour" not in metrics
    (line,) = [line for line in metrics.splitlines() if line.startswith("- `bias_rate`: ")]
    assert line.endswith("accuracy of that network; of a probe")
    assert "- `probe`: `0.1235`\n- `data.dir`: `/tmp/*b*`" in metrics


def test_an_evaluation_of_an_earlier_step_is_not_passed_off_as_that_of_the_export(
    tmp_path, monkeypatch
):
    about = facts(tmp_path)
    write_json(about.run.metrics, RESULT)
    monkeypatch.setattr(RunFolder, "step", lambda run: 20)
    assert "exported generator is of step" not in model_card(about)
    monkeypatch.setattr(RunFolder, "step", lambda run: 1500)
    assert "**The exported generator is of step 1,500**" in model_card(about)


def test_without_a_checkpoint_nobody_claims_to_know_the_steps(tmp_path):
    assert "- Steps of training: unknown, 20 were planned\n" in model_card(facts(tmp_path))


def test_a_biased_generator_says_so(tmp_path):
    limits = section(model_card(facts(tmp_path)), "Limits")
    for warning in ("biased on purpose", "no evidence", "Not for identification", "aligned"):
        assert warning in limits


def test_only_settings_that_are_not_the_preset_s_are_listed(tmp_path):
    changes = section(
        faces(tmp_path, train__batch_size=4, data__tint=0.0),
        "Settings that differ from the preset",
    )
    assert "| `train.batch_size` | `4` | `8` | observations in a step" in changes
    assert "| `data.tint` | `0.0` | `0.1` |" in changes
    assert changes.count("\n| `") == 2


def test_a_section_without_content_is_left_out(tmp_path):
    about = facts(tmp_path, Tiny(Tiny.configure("default", {})))
    titles = [line for line in model_card(about).splitlines() if line.startswith("#")]
    assert titles == ["# some_task", "## What it is", "## Files", "## Metrics"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<b>*bold*</b>", "`<b>*bold*</b>`"),
        ("a`b``c", "``` a`b``c ```"),
        ("one\n# two\r- three", "`one\\n# two\\r- three`"),
        ("\u202eback\udc80", "`\\u202eback\\udc80`"),
    ],
)
def test_what_people_type_is_no_markdown(tmp_path, typed, shown):
    task = FacesInpaint(FacesInpaint.configure("smoke", {}))
    task = FacesInpaint(override(task.config, {"data.dir": typed, "data.memory": typed}))
    about = facts(tmp_path, task)
    card = write_model_card(tmp_path / "out", about).read_text(encoding="utf-8")
    assert f"- Data: {shown}\n" in card and f"satisfies {shown} in" in card
    assert f"| `data.dir` | {shown} | (empty) |" in card


def test_a_pipe_ends_no_cell(tmp_path):
    card = faces(tmp_path, data__memory='name="a|b"')
    assert '| `data.memory` | `name="a\\|b"` | `big_lips=1` |' in card
    assert 'satisfies `name="a|b"` in' in card


def test_writing_it_twice_gives_the_same_card_and_nothing_else(tmp_path):
    about, output = facts(tmp_path), tmp_path / "out"
    first = write_model_card(output, about).read_bytes()
    assert write_model_card(output, about).read_bytes() == first
    assert [path.name for path in output.iterdir()] == [FILE]


def test_a_memory_that_is_recalled_is_made_use_of(tmp_path):
    task_type = tasks.load("pose3d")
    values = {"loss.adversarial_weight": 0.0, "loss.recall_weight": 1.0}
    card = model_card(facts(tmp_path, task_type(task_type.configure("smoke", values))))
    assert "made no use" not in card


def test_a_baseline_is_not_sold_as_the_method(tmp_path):
    task_type = tasks.load("faces_superres")
    task = task_type(task_type.configure("smoke", {"arm": "reconstruction"}))
    card = model_card(facts(tmp_path, task))
    assert "**A baseline, not the method**: the arm `reconstruction`, the same network" in card
    assert "Memory, of which this training made no use: what satisfies `gender=female`" in card
    assert "A baseline" not in model_card(facts(tmp_path / "aign"))
