"""All readers of what comes from outside, by name: for the corpus, and for the fuzz program."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import baselines, histories, results, settings, sources, wires

__all__ = ["CORPUS", "TARGETS"]

CORPUS = Path(__file__).parents[1] / "corpus"
"""Inputs that once led somewhere new, in a folder for each target."""

TARGETS = {
    **results.TARGETS,
    **baselines.TARGETS,
    **histories.TARGETS,
    **sources.TARGETS,
    **settings.TARGETS,
    **wires.TARGETS,
}
