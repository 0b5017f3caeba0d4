"""Chooses Keras's backend before anybody imports it."""

from __future__ import annotations

import os

# The lightest of the backends that can train, and the one in the example's extra.
os.environ.setdefault("KERAS_BACKEND", "jax")
