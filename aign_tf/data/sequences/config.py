"""Settings of the data of tasks about video."""

from __future__ import annotations

import dataclasses

from aign_tf.config import setting
from aign_tf.errors import UserError

# A memory of fewer depth maps than this is learned by heart, unless cameras are turned by so many
# degrees, and shows too little of what is near, unless cards are held in front of such a share.
_MANY = 500
_TURN, _CARDS = 5.0, 0.25


@dataclasses.dataclass(frozen=True)
class SequenceDataConfig:
    dir: str = setting("", "folder of recordings (--data_dir); empty: procedural rooms and streets")
    memory_dir: str = setting(
        "",
        "folder of recordings whose depths and motions are remembered (--memory_dir); empty: a "
        "part of data.dir",
    )
    test_dir: str = setting("", "folder of recordings for the test; empty: a part of data.dir")
    shares: str = setting(
        "0.55 0.2 0.25",
        "of the frames, in the order of time: watched, remembered, and for the test; of the "
        "recordings where there are several",
    )
    watched: str = setting("", "names of the recordings to watch, with commas; empty: by shares")
    remembered: str = setting("", "names of the recordings to remember; empty: by shares")
    tested: str = setting("", "names of the recordings for the test; empty: by shares")
    recordings: int = setting(480, "procedural recordings, of all roles together", least=4)
    length: int = setting(20, "frames of a procedural recording", least=3)
    streets: float = setting(0.25, "share of streets among the procedural recordings", most=1)
    height: int = setting(96, "of the frames that networks see, in pixels", least=32, most=2048)
    width: int = setting(128, "of the frames that networks see, in pixels", least=32, most=2048)
    frames: int = setting(3, "frames of a clip", least=2, most=16)
    stride: str = setting(
        "auto", "frames from one of a clip to the next; auto: what shows parallax and overlaps"
    )
    camera: str = setting(
        "", "fx fy cx cy of such frames, usual in training; empty: read from the recordings"
    )
    reverse: bool = setting(True, "watch and remember backwards as well")
    flip: bool = setting(True, "mirror clips at random in training")
    tint: float = setting(0.1, "strength of random changes of light and colour", most=0.9)
    turn: float = setting(
        -1.0,
        "turn cameras at random by so many degrees about each axis; "
        f"-1: {_TURN:g} where fewer than {_MANY} depth maps are remembered, else 0",
        least=-1,
        most=20,
    )
    cards: float = setting(
        -1.0,
        "share of the recalled clips in front of which something near is held; "
        f"-1: {_CARDS:g} where fewer than {_MANY} depth maps are remembered, else 0",
        least=-1,
        most=1,
    )
    pairs: float = setting(
        1.0,
        "share of the training clips whose truth loss.paired_weight may use",
        least=1e-6,
        most=1,
    )

    @property
    def names(self) -> dict[str, list[str]]:
        """Role -> names that the settings give it."""
        given = {"watched": self.watched, "remembered": self.remembered, "tested": self.tested}
        return {
            role: [name.strip() for name in names.split(",") if name.strip()]
            for role, names in given.items()
        }


def parse_shares(text: str) -> tuple[float, float, float]:
    """Three numbers of `data.shares`, scaled to add up to 1."""
    try:
        shares = [float(share) for share in text.replace(",", " ").split()]
    except ValueError:
        shares = []
    if len(shares) != 3 or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise UserError(f"data.shares={text}: expected three numbers, as in 0.55 0.2 0.25")
    watched, remembered, tested = (share / sum(shares) for share in shares)
    return watched, remembered, tested


def usual_variety(remembered: int) -> dict[str, float]:
    """`data.turn` and `data.cards` beside a memory of so many depth maps."""
    few = remembered < _MANY
    return {"data.turn": _TURN if few else 0.0, "data.cards": _CARDS if few else 0.0}


def parse_stride(text: str) -> int | None:
    """`data.stride`, None for auto."""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UserError(f"data.stride={text}: expected auto or a number of at least 1")
    return int(text)
