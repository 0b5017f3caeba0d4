"""Digests of test functions, by which a test is recognised after it was renamed or moved."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["digests_of", "function_digests"]


def _digest(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    statements = function.body
    if ast.get_docstring(function, clean=False) is not None:
        statements = statements[1:]
    text = "\n".join(ast.dump(node) for node in (function.args, *statements))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def function_digests(source: str) -> dict[int, str]:
    """The digest of every function in a module, by its first line, as its code object has it.

    The first line is that of the first decorator. A digest covers arguments and statements;
    name, decorators, docstring, comments and layout may change. It holds for one minor version
    of Python, as a baselines file does. Raises ``SyntaxError`` for what is not Python.
    """
    digests = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            digests[first] = _digest(node)
    return digests


def digests_of(root: Path, places: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    """The digests of tests, by their names.

    ``places`` holds each test's file, relative to ``root``, and first line. What is no function
    in a file of Python (doctests, tests of other plugins) has none.
    """
    by_file: dict[str, list[tuple[str, int]]] = {}
    for test, (file, line) in places.items():
        by_file.setdefault(file, []).append((test, line))
    digests = {}
    for file, tests in by_file.items():
        found = _digests_in(root / file)
        digests.update({test: found[line] for test, line in tests if line in found})
    return digests


def _digests_in(path: Path) -> dict[int, str]:
    if path.suffix != ".py":
        return {}
    try:
        return function_digests(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return {}  # moved meanwhile, or of another encoding: not recognised later, no more
