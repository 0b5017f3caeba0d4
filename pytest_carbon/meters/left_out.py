"""How a meter tells of parts that it leaves out: in its name, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["left_out_words", "name_without"]


def name_without(name: str, parts: Iterable[str]) -> str:
    """The meter's name in the environment: ``nvml-without-gpu-1``."""
    return "-without-".join([name, *parts])


def left_out_words(left_out: Mapping[str, str]) -> list[str]:
    """Why each part is left out, for a description or an error."""
    return [f"{part} left out: {why}" for part, why in left_out.items()]
