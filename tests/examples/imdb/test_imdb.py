"""IMDb's sentiments: what loading the data set costs, and what training costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

WHY = "needs the example's extra: pip install 'pytest-carbon[imdb]'"
pytest.importorskip("jax", reason=WHY)
pytest.importorskip("keras", reason=WHY)

import reviews  # noqa: E402 - where these would fail, the module is skipped by now
import sentiment  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.tasks.carbon import Carbon


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of the same format, for where Keras has not got the real one."""
    path = tmp_path_factory.mktemp("imdb") / "imdb.npz"
    reviews.make_up(path)
    return path


@pytest.fixture
def data_set(request: pytest.FixtureRequest) -> Path:
    """The file to load."""
    return reviews.real_file() or request.getfixturevalue("made_up")


def test_sentiment(carbon: Carbon, data_set: Path) -> None:
    """Each step is a task, with a ceiling on what it may burn."""
    with carbon.task("load data set", budget_j=30):
        if data_set == reviews.real_file():
            from keras.datasets import imdb

            (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=sentiment.NUM_WORDS)
        else:
            x_train, y_train, x_test, y_test = reviews.load(data_set, sentiment.NUM_WORDS)
        x_train, x_test = sentiment.pad(x_train), sentiment.pad(x_test)

    with carbon.task("train model", budget_j=150):
        model = sentiment.train(x_train, y_train)

    with carbon.task("evaluate"):
        share = sentiment.accuracy(model, x_test, y_test)

    assert share > 0.8, "it has learned"
