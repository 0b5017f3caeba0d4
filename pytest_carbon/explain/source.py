"""What a Python file defines, and which of its functions differ between two versions of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Definition", "Module", "changed_functions", "read_module", "renamed_functions"]

# Annotations cost nothing when a function runs.
_SILENT = frozenset({"annotation", "returns", "type_comment", "type_params", "ctx", "kind"})


class Definition(NamedTuple):
    """One function of a file.

    ``name`` is qualified (``Shop.price``, ``outer.inner``). ``first_line`` counts decorators, as
    code objects do; ``line`` is the one of ``def``.
    """

    name: str
    first_line: int
    line: int
    last_line: int
    node: ast.FunctionDef | ast.AsyncFunctionDef

    def text(self) -> str:
        """All that the function says: decorators, defaults, and body.

        Comments, layout, annotations, docstrings, and what inner functions say do not count.
        """
        return f"{self.node.name} {self.body()}"

    def body(self) -> str:
        """The same without its name."""
        node = self.node
        statements = node.body[ast.get_docstring(node, clean=False) is not None :]
        return _said([type(node).__name__, node.decorator_list, node.args, statements])

    def uses(self) -> frozenset[str]:
        """The names and attributes that it mentions."""
        names = (n.id for n in ast.walk(self.node) if isinstance(n, ast.Name))
        attributes = (n.attr for n in ast.walk(self.node) if isinstance(n, ast.Attribute))
        return frozenset((*names, *attributes))


class Module(NamedTuple):
    """A file: its functions by name, and what its other names are bound to."""

    functions: Mapping[str, Definition]
    names: Mapping[str, str]

    def at(self, line: int) -> Definition | None:
        """The innermost function that a line belongs to."""
        around = [d for d in self.functions.values() if d.first_line <= line <= d.last_line]
        return max(around, key=lambda d: d.first_line, default=None)


def read_module(source: str | bytes) -> Module:
    """Read a file; one that is no Python defines nothing."""
    functions: dict[str, Definition] = {}
    names: dict[str, str] = {}
    try:
        _collect(ast.parse(source), "", functions, names)
    except (SyntaxError, ValueError, RecursionError):
        return Module({}, {})
    return Module(functions, names)


def changed_functions(base: Module, head: Module) -> frozenset[str]:
    """The functions of either version that a change touches.

    Those that say something else than before, are new, or are gone; and those that use a name of
    the module or of a class that is bound to something else.
    """
    changed = {
        name
        for name in {*base.functions, *head.functions}
        if name not in base.functions
        or name not in head.functions
        or base.functions[name].text() != head.functions[name].text()
    }
    rebound = {
        name for name in {*base.names, *head.names} if base.names.get(name) != head.names.get(name)
    }
    if rebound:
        for module in (base, head):
            changed |= {d.name for d in module.functions.values() if d.uses() & rebound}
    return frozenset(changed)


def renamed_functions(
    base: Mapping[str, Module], head: Mapping[str, Module]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Functions of head that base has elsewhere or under another name, each as (file, name).

    Only where exactly one function without a partner on each side has that body.
    """
    gone, come = _unpaired(base, head), _unpaired(head, base)
    return {come[body]: gone[body] for body in come.keys() & gone.keys()}


def _unpaired(
    these: Mapping[str, Module], those: Mapping[str, Module]
) -> dict[str, tuple[str, str]]:
    """Functions that the other side does not have by that name, by body, where it is unique."""
    nothing = Module({}, {})
    places: dict[str, list[tuple[str, str]]] = {}
    for file, module in these.items():
        others = those.get(file, nothing).functions
        for name, definition in module.functions.items():
            if name not in others:
                places.setdefault(definition.body(), []).append((file, name))
    return {body: found[0] for body, found in places.items() if len(found) == 1}


def _collect(
    node: ast.AST, inside: str, functions: dict[str, Definition], names: dict[str, str] | None
) -> None:
    """Collect what ``node`` defines; ``inside`` is its own qualified name with a dot.

    ``names`` is ``None`` inside a function, whose names are its own affair.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = f"{inside}{child.name}"
            first_line = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            last_line = child.end_lineno or child.lineno
            functions[name] = Definition(name, first_line, child.lineno, last_line, child)
            _collect(child, f"{name}.", functions, None)
        elif isinstance(child, ast.ClassDef):
            if names is not None:
                names[child.name] = _said([child.bases, child.keywords, child.decorator_list])
            _collect(child, f"{inside}{child.name}.", functions, names)
        else:
            if names is not None and isinstance(child, ast.stmt):
                for name, value in _bound(child):
                    names[name] = f"{names.get(name, '')} {value}"
            _collect(child, inside, functions, names)


def _bound(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a statement binds, with what it binds them to."""
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for node in ast.walk(target):
                if isinstance(node, ast.Name):
                    yield node.id, _said(statement.value)
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        source = getattr(statement, "module", None) or ""
        for alias in statement.names:
            yield (alias.asname or alias.name).partition(".")[0], f"{source}:{alias.name}"


def _said(part: object) -> str:
    """A part of a syntax tree as text, without places; of inner functions only the names."""
    if isinstance(part, list):
        return f"[{','.join(map(_said, part))}]"
    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return f"def {part.name}"
    if isinstance(part, ast.AST):
        fields = (_said(value) for name, value in ast.iter_fields(part) if name not in _SILENT)
        return f"{type(part).__name__}({','.join(fields)})"
    return repr(part)
