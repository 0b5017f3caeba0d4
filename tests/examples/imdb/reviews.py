"""IMDb's reviews as lists of word indices: Keras's own file where it is, else made-up ones.

Keras keeps the real file in ``~/.keras/datasets/imdb.npz`` and fetches it only when asked to:
here it is used if it lies there, and nothing is downloaded. The made-up file has the same four
arrays (``x_train``, ``y_train``, ``x_test``, ``y_test``; lists of indices by frequency of the
word, and 0 or 1), fewer reviews, and words that lean to one side as those of real reviews do.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

WORDS = 20_000
TRAIN, TEST = 8_000, 2_000

# As in Keras: 0 pads, 1 begins a review, 2 stands for words that are left out.
BEGIN, LEFT_OUT, FIRST = 1, 2, 3


def real_file() -> Path | None:
    """Keras's own copy of the data set, if it has one."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "datasets" / "imdb.npz"
    return path if path.is_file() else None


def make_up(path: Path, seed: int = 113) -> None:
    """Write a file like Keras's with reviews that nobody wrote."""
    random = np.random.default_rng(seed)
    frequency = 1 / np.arange(10, WORDS + 10)
    frequency /= frequency.sum()
    # One word in ten says what its writer thinks; the rest is said by both sides.
    leaning = np.where(random.random(WORDS) < 0.1, random.choice([-1.0, 1.0], WORDS), 0.0)

    def write(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = random.integers(0, 2, count)
        reviews = np.empty(count, dtype=object)
        by_label = [frequency * np.exp(0.45 * sign * leaning) for sign in (-1, 1)]
        by_label = [weights / weights.sum() for weights in by_label]
        lengths = np.clip(random.lognormal(5.1, 0.6, count), 20, 1000).astype(int)
        for place, (label, length) in enumerate(zip(labels, lengths, strict=True)):
            words = random.choice(WORDS, size=length, p=by_label[label])
            reviews[place] = [int(word) + 1 for word in words]
        return reviews, labels

    x_train, y_train = write(TRAIN)
    x_test, y_test = write(TEST)
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def load(path: Path, num_words: int) -> tuple[list[list[int]], np.ndarray, list, np.ndarray]:
    """What ``keras.datasets.imdb.load_data(num_words=...)`` makes of its file.

    Keras refuses files with another hash than the real one's, so a made-up one is read here.
    """
    # Lists of different lengths are stored as Python objects, in Keras's file, too.
    with np.load(path, allow_pickle=True) as file:
        arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}

    def indices(reviews: np.ndarray) -> list[list[int]]:
        last = num_words - FIRST
        return [
            [BEGIN, *(w + FIRST if w < last else LEFT_OUT for w in review)] for review in reviews
        ]

    x_train, x_test = indices(arrays["x_train"]), indices(arrays["x_test"])
    return x_train, arrays["y_train"], x_test, arrays["y_test"]
