"""The commands, each run as `python -m tools.NAME`."""

import os

# Before anything imports TensorFlow, whose start-up notices are not for people who run a command.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
