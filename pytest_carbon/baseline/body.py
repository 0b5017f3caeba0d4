"""Digests of test functions, by which a test is recognised after it was renamed or moved."""

from __future__ import annotations

import ast
import hashlib

__all__ = ["function_bodies"]


def _digest(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    statements = function.body
    if ast.get_docstring(function, clean=False) is not None:
        statements = statements[1:]
    text = "\n".join(ast.dump(node) for node in (function.args, *statements))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def function_bodies(source: str) -> dict[int, str]:
    """The digest of every function in a module, by its first line, as its code object has it.

    The first line is that of the first decorator. A digest covers arguments and statements;
    name, decorators, docstring, comments and layout may change. It holds for one minor version
    of Python, as a baselines file does. Raises ``SyntaxError`` for what is not Python.
    """
    bodies = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            bodies[first] = _digest(node)
    return bodies
