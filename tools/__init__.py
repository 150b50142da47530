"""The commands, each run as `python -m tools.NAME`."""

import logging
import os

# Before anything imports TensorFlow: its notices about itself are not for people who run a command.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
