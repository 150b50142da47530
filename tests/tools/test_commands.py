"""What people type, what they read, and what a script sees of it."""

import shutil

import keras
import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf.run_folder import RunFolder

TASK = "--task=faces_inpaint"
TINY = [
    "--preset=smoke",
    "--set=data.samples=80",
    "--set=network.width=4",
    "--steps=2",
]


@pytest.fixture(scope="module")
def run_dir(command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "a"
    code, out, err = command("train", TASK, *TINY, f"--run_dir={folder}")
    assert code == 0, err
    assert out.startswith(f"trained 2 steps: {folder / 'generator.keras'}")
    return folder


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (41, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def error(result):
    """The one line of a mistake, after checking that it is the only one."""
    code, out, err = result
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in err, err
    assert (code, len(lines)) == (2, 1), err
    assert err.endswith(lines[0] + "\n") and out == ""
    return lines[0]


# Help.


def test_help_lists_tasks(command):
    code, out, _ = command("train", "--task=help")
    assert code == 0
    assert out.splitlines() == [
        f"{name:<{max(map(len, tasks.names()))}}  {tasks.summary(name)}" for name in tasks.names()
    ]


def test_help_lists_presets(command):
    code, out, _ = command("train", TASK, "--preset=help")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} == {"smoke", "default", "paper"}


def test_help_lists_settings_with_the_values_of_the_preset(command):
    code, out, _ = command("train", TASK, "--preset=smoke", "--set=help")
    assert code == 0
    rows = dict(line.split("  ", 1) for line in out.splitlines())
    assert "train.steps=20" in rows and "data.image_size=32" in rows
    assert all(meaning.strip() for meaning in rows.values())


def test_help_lists_options_of_predict(command, run_dir):
    code, out, _ = command("predict", f"--run_dir={run_dir}", "--set=help")
    assert code == 0
    assert [line.split("=")[0] for line in out.splitlines()] == ["region", "box", "mask"]


@pytest.mark.parametrize("name", ["train", "evaluate", "predict", "export", "prepare_data"])
def test_help_of_flags(command, name):
    code, out, err = command(name, "--help")
    assert code == 0 and "--" in out and "Traceback" not in err


# Working.


def test_a_run_goes_on_by_its_folder_alone(command, run_dir):
    code, out, err = command("train", f"--run_dir={run_dir}")
    assert code == 0, err
    assert out.startswith("trained 2 steps")
    code, out, err = command("train", f"--run_dir={run_dir}", "--steps=3")
    assert code == 0, err
    assert out.startswith("trained 3 steps")
    assert RunFolder(run_dir).read()["config"]["network.width"] == 4


def test_a_photo_is_predicted_at_its_size(command, run_dir, photo, tmp_path):
    code, out, err = command(
        "predict", f"--run_dir={run_dir}", f"--input={photo}", f"--output={tmp_path / 'out'}"
    )
    assert code == 0, err
    assert out.splitlines() == [
        str(tmp_path / "out" / "photo.png"),
        str(tmp_path / "out" / "before_after.png"),
    ]
    assert Image.open(tmp_path / "out" / "photo.png").size == (30, 41)


def test_strength_lies_between_the_faithful_and_the_biased_generator(
    command, run_dir, photo, tmp_path
):
    run = tmp_path / "run"
    shutil.copytree(run_dir, run)
    given = [f"--run_dir={run}", f"--input={photo}"]
    early = command("predict", *given, f"--output={tmp_path / 'early'}", "--strength=0.5")
    assert "--arms=reconstruction" in error(early)
    # Instead of an evaluation: the same run as its own arm, with other weights.
    arm = run / "baselines" / "reconstruction"
    shutil.copytree(run_dir, arm)
    faithful = keras.saving.load_model(arm / "generator.keras", compile=False)
    faithful.set_weights([-weight for weight in faithful.get_weights()])
    faithful.save(arm / "generator.keras")
    faces = []
    for strength in (0, 0.5, 1):
        output = tmp_path / str(strength)
        code, _, err = command("predict", *given, f"--output={output}", f"--strength={strength}")
        assert code == 0, err
        faces.append(np.asarray(Image.open(output / "photo.png")))
    assert np.any(faces[0] != faces[1]) and np.any(faces[1] != faces[2])
    beyond = command("predict", *given, f"--output={tmp_path / 'x'}", "--strength=2")
    assert "strength" in error(beyond)
    nowhere = command("predict", *given, f"--output={tmp_path / 'x'}", "--strength=nan")
    assert "--strength=nan: expected a number from 0 to 1" in error(nowhere)


def test_export_reports_what_it_wrote(command, run_dir, tmp_path):
    code, out, err = command(
        "export", f"--run_dir={run_dir}", f"--output={tmp_path}", "--format=tflite"
    )
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if "model.tflite" in line]
    assert "MB, max abs error against Keras" in line
    assert (tmp_path / "model.tflite").exists()
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "`model.tflite`" in card and "`saved_model`" not in card
    assert "**Not evaluated**" in card and f"--run_dir={run_dir}`" in card
    assert "on held-out observations" in card and "big_lips=1" in card
    assert "| `network.width` | `4` | `8` |" in card
    observed = sum(
        int(line.split(" | ")[1].strip(" |"))
        for line in card.splitlines()
        if line.startswith(("| pictures observed", "| pictures remembered"))
    )
    assert observed == 80


def test_what_is_exported_without_its_data_says_so(command, run_dir, tmp_path):
    description = RunFolder(run_dir).read()
    description["config"]["data.dir"] = "/gone/`faces` | *here*"
    moved = RunFolder(tmp_path / "run")
    moved.claim(**description)
    moved.generator.write_bytes(RunFolder(run_dir).generator.read_bytes())
    output = tmp_path / "out"
    code, _, err = command(
        "export", f"--run_dir={moved.path}", f"--output={output}", "--format=tflite"
    )
    assert code == 0, err
    card = (output / "MODEL_CARD.md").read_text()
    assert "Counts are unknown" in card and "on random inputs" in card
    assert "- Data: `` /gone/`faces` | *here* ``\n" in card


def test_the_default_run_folder_is_named_after_task_and_preset(command):
    code, out, err = command("train", TASK, *TINY)
    assert code == 0, err
    assert out.startswith("trained 2 steps: runs/faces_inpaint-smoke/generator.keras, samples in")


# Mistakes.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tusk=a"], "Unknown command line flag 'tusk'"),
        ([TASK, "stray"], "unexpected argument 'stray': values belong to flags"),
        ([], "--task is required: one of "),
        (["--task=faces_outpaint"], "no task 'faces_outpaint': use one of "),
        ([TASK, "--preset=big"], "no preset 'big': use one of default, smoke, paper"),
        ([TASK, "--set=train.stepz=3"], "no setting 'train.stepz', did you mean 'train.steps'?"),
        ([TASK, "--set=train.steps"], "--set=train.steps: expected key=value"),
        ([TASK, "--steps=many"], "train.steps=many: expected a whole number"),
        ([TASK, "--set=data.flip=maybe"], "data.flip=maybe: expected true or false"),
        ([TASK, "--seed=-1"], "train.seed=-1: expected a number of at least 0"),
        (
            [TASK, "--precision=int4"],
            "train.precision=int4: use one of auto, float32, bfloat16, float16",
        ),
        (
            [TASK, "--set=data.region=ears"],
            "data.region=ears: use one of lips, nose, eyes, box, free",
        ),
        ([TASK, "--set=network.judged=soul"], "network.judged=soul: use one of completed, face"),
    ],
)
def test_mistakes_before_anything_is_read(command, tmp_path, arguments, message):
    folder = tmp_path / "run"
    assert error(command("train", *arguments, f"--run_dir={folder}")).startswith(
        f"error: {message}"
    )
    assert not folder.exists()


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--data_dir=/missing/folder", "/missing/folder: no such folder"),
        ("--memory_dir=/missing/folder", "/missing/folder: no such folder"),
        (
            "--set=data.memory=big_lip=1",
            "data.memory=big_lip=1: no attribute 'big_lip': there are big_lips",
        ),
        ("--set=data.memory=gender=", "data.memory=gender=: selection 'gender=': a value expected"),
        (
            "--set=data.memory=gender=alien",
            "data.memory=gender=alien: empty memory: no face has gender=alien",
        ),
        (
            "--set=data.observed=age>900",
            "data.observed=age>900: empty observations: no face satisfies",
        ),
        ("--set=data.image_size=16", "size 16 of the faces: use 32 to 256"),
        ("--set=data.image_size=50", ""),  # No multiple of 4.
        ("--set=data.crop=0", ""),
        ("--set=network.generator=magic", "network.generator=magic: use one of residual, paper"),
        ("--set=network.width=1", ""),
        ("--set=network.width=0", ""),
        ("--set=network.discriminator_width=0", ""),
        ("--set=loss.adversarial=cosine", "loss.adversarial=cosine: use one of non_saturating"),
        ("--steps=0", ""),
        ("--set=train.batch_size=0", ""),
        ("--set=train.log_every=0", ""),
        ("--set=train.sample_every=0", ""),
        ("--set=train.checkpoint_every=0", ""),
        ("--set=train.steps_per_execution=0", ""),
        ("--set=train.generator_steps=0", ""),
        ("--set=data.samples=0", "data.samples=0: expected a number of at least 1"),
        ("--set=data.samples=3", ""),
        ("--distribute=everywhere", "--distribute=everywhere: use one of none, mirrored"),
    ],
)
def test_settings_that_cannot_be_used(command, tmp_path, argument, message):
    """Each ends in one line; where `message` is empty, working is as good an answer."""
    result = command("train", TASK, *TINY, f"--run_dir={tmp_path / 'run'}", argument)
    if result[0] == 0 and not message:
        assert (tmp_path / "run" / "generator.keras").exists()
        return
    assert error(result).startswith(f"error: {message}")


def test_a_setting_that_cannot_be_used_does_not_occupy_the_run_folder(command, tmp_path):
    """Whoever corrects a mistyped memory can train into the same folder."""
    folder = f"--run_dir={tmp_path / 'run'}"
    error(command("train", TASK, *TINY, folder, "--set=data.memory=gender=alien"))
    code, _, err = command("train", TASK, *TINY, folder, "--set=data.memory=gender=female")
    assert code == 0, err


def test_a_data_folder_without_pictures(command, tmp_path):
    (tmp_path / "empty").mkdir()
    result = command("train", TASK, f"--data_dir={tmp_path / 'empty'}", f"--run_dir={tmp_path}/r")
    assert "no pictures below it" in error(result)


def test_a_run_folder_of_another_config_or_of_something_else(command, run_dir, tmp_path):
    message = error(command("train", f"--run_dir={run_dir}", "--set=network.width=5"))
    assert "network.width was 4 and is 5" in message
    (tmp_path / "mine.txt").write_text("mine")
    message = error(command("train", TASK, *TINY, f"--run_dir={tmp_path}"))
    assert "is not a run folder and not empty" in message


@pytest.mark.parametrize("name", ["evaluate", "predict", "export"])
def test_commands_on_a_run_need_one(command, tmp_path, name):
    output = [] if name == "evaluate" else [f"--output={tmp_path / 'out'}"]
    assert error(command(name, *output)) == "error: --run_dir is required"
    message = error(command(name, f"--run_dir={tmp_path}", *output))
    assert message == f"error: {tmp_path} holds no run: there is no config.json in it"


def test_a_run_folder_of_another_task(command, run_dir):
    done = command("train", "--task=faces_depth", "--preset=smoke", f"--run_dir={run_dir}")
    expected = f"{run_dir} holds a run of faces_inpaint: give faces_depth another --run_dir"
    assert error(done).splitlines()[-1] == f"error: {expected}"


@pytest.mark.parametrize("name", ["evaluate", "predict", "export"])
def test_commands_on_a_run_without_a_generator(command, run_dir, photo, tmp_path, name):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text((run_dir / "config.json").read_text())
    output = [] if name == "evaluate" else [f"--output={tmp_path / 'out'}"]
    given = [f"--input={photo}"] if name == "predict" else []
    message = error(command(name, f"--run_dir={tmp_path / 'run'}", *output, *given))
    assert "has no generator.keras yet" in message


def test_predict_needs_input_and_output(command, run_dir):
    message = error(command("predict", f"--run_dir={run_dir}"))
    assert message == "error: --input and --output are required"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("region=ears", "region=ears: use one of lips, nose, eyes, box"),
        ("box=1 2 3", ""),
        ("regoin=lips", "no setting 'regoin', did you mean 'region'?"),
        ("mask=/missing.png", "mask /missing.png: "),
    ],
)
def test_options_of_predict_that_cannot_be_used(command, run_dir, photo, tmp_path, option, message):
    flags = [f"--run_dir={run_dir}", f"--input={photo}", f"--output={tmp_path / 'out'}"]
    region = ["--set=region=box"] if option.startswith("box") else []
    assert error(command("predict", *flags, *region, f"--set={option}")).startswith(
        f"error: {message}"
    )


def test_predict_of_what_is_no_picture(command, run_dir, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    flags = [f"--run_dir={run_dir}", f"--output={tmp_path / 'out'}"]
    message = error(command("predict", *flags, f"--input={tmp_path / 'broken.png'}"))
    assert message.startswith("error: cannot read ") and "broken.png" in message
    message = error(command("predict", *flags, f"--input={tmp_path / 'missing.png'}"))
    assert "missing.png: no such" in message
    assert not (tmp_path / "out").exists()


def test_two_photos_of_one_name_are_both_written(command, run_dir, photo, tmp_path):
    for name in ("one/photo.png", "two/photo.png", "two/photo.jpg"):
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).save(tmp_path / "all" / name)
    code, out, err = command(
        "predict",
        f"--run_dir={run_dir}",
        f"--input={tmp_path / 'all'}",
        f"--output={tmp_path / 'out'}",
    )
    assert code == 0, err
    assert len(set(out.splitlines())) == 4


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format=onnx"], "--format=onnx: use saved_model, tflite"),
        (["--quantize=int4"], "flag --quantize=int4: value should be one of"),
    ],
)
def test_export_formats_that_do_not_exist(command, run_dir, tmp_path, flags, message):
    result = command("export", f"--run_dir={run_dir}", f"--output={tmp_path / 'out'}", *flags)
    assert error(result).startswith(f"error: {message}")


def test_evaluate_names_a_split_that_does_not_exist(command, run_dir):
    message = error(command("evaluate", f"--run_dir={run_dir}", "--split=train"))
    assert "--split=train" in message and "validation" in message


def test_evaluate_finds_that_data_do_not_exist_before_it_trains_a_baseline(command, run_dir):
    message = error(command("evaluate", f"--run_dir={run_dir}", "--data_dir=/missing/folder"))
    assert "/missing/folder: no such folder" in message
    assert not (run_dir / "baselines").exists()
