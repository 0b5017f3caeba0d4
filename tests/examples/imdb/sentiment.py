"""A small classifier of reviews: word embeddings, averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    import numpy as np

NUM_WORDS = 10_000
LENGTH = 200
EPOCHS = 20


def pad(reviews: list[list[int]]) -> np.ndarray:
    """The reviews' last words, all at the same length."""
    return keras.utils.pad_sequences(reviews, maxlen=LENGTH)


def train(reviews: np.ndarray, labels: np.ndarray, epochs: int = EPOCHS) -> keras.Model:
    """A model that has seen all reviews ``epochs`` times."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.layers.Embedding(NUM_WORDS, 32),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"]
    )
    model.fit(reviews, labels, batch_size=32, epochs=epochs, verbose=0)
    return model


def accuracy(model: keras.Model, reviews: np.ndarray, labels: np.ndarray) -> float:
    """The share of reviews that the model understands."""
    return float(model.evaluate(reviews, labels, batch_size=512, verbose=0)[1])
