"""Which snippets of a page another one builds on, found by reading their code. So *Run* need not run all above it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

KNOWN = frozenset(dir(builtins))


class _Names(ast.NodeVisitor):
    """What a snippet does with names. Its code is read in the order in which it is evaluated.

    Attributes:
        taken: names that it takes before it has set them itself.
        bound: names that it sets, whatever happens. A loop is taken to run at least once.
        perhaps: names that it sets in a branch.
        fixed: of the names that it sets, modules, functions and classes. To use one of these does not change it, as
            `rng.normal()` changes a generator.
        reaches_out: whether it calls a function of a module and drops what that returns, such as `np.set_printoptions`.
    """

    def __init__(self, source: str) -> None:
        self.taken: set[str] = set()
        self.bound: set[str] = set()
        self.perhaps: set[str] = set()
        self.fixed: set[str] = set()
        self.reaches_out = False
        self.visit(ast.parse(source))

    def visit(self, node: ast.AST) -> None:
        """Visit a node, and what is in it in the order of evaluation."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                self.taken |= {name} - self.bound - KNOWN
            case ast.Name(id=name):
                self.bound.add(name)
            case ast.Assign():
                self._visit_all(node.value, *node.targets)
            case ast.AugAssign(target=ast.Name(id=name)):
                self._visit_all(ast.Name(name, ast.Load()), node.value, node.target)
            case ast.For():
                self._visit_all(node.iter, node.target, *node.body, *node.orelse)
            case ast.Import() | ast.ImportFrom():
                self._fix({(alias.asname or alias.name).partition(".")[0] for alias in node.names})
            case ast.If() | ast.While() | ast.Try() | ast.Match():
                before = set(self.bound)
                self.generic_visit(node)
                self.perhaps |= self.bound - before
                self.bound = before
            case ast.FunctionDef() | ast.ClassDef() | ast.Lambda():  # they have names of their own
                before = set(self.bound)
                self.bound |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
                self.generic_visit(node)
                self.bound = before
                if not isinstance(node, ast.Lambda):
                    self._fix({node.name})
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                before = set(self.bound)
                self._visit_all(*node.generators)
                self.generic_visit(node)
                self.bound = before
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                self.reaches_out |= name in self.fixed | {"np"}
                self.generic_visit(node)
            case _:
                self.generic_visit(node)

    def _visit_all(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _fix(self, names: set[str]) -> None:
        self.bound |= names
        self.fixed |= names


def needs(sources: Sequence[str]) -> list[int]:
    """Return the places of the snippets that the last one builds on, in their order.

    It builds on what sets a name that it takes, on what may have changed the value meanwhile, and on what those build
    on. Where the code does not say, these are too many rather than too few.

    Args:
        sources: the code of a page's snippets, from the first one on.

    Raises:
        SyntaxError: if one of them is no Python.

    Examples:
        >>> page = ["import numpy as np", "rng = np.random.default_rng(0)", "a = 1", "rng.normal()"]
        >>> needs([*page, "print(rng.normal())"])
        [0, 1, 3]
        >>> needs(["a = 1", "a = 2", "a + 1"])
        [1]
    """
    *above, last = map(_Names, sources)
    everywhere = [*above, last]
    changing = {name for one in everywhere for name in (one.bound | one.perhaps) - one.fixed}
    wanted, found = set(last.taken), []
    for place, one in reversed(list(enumerate(above))):
        if one.reaches_out or wanted & (one.bound | one.perhaps | (one.taken & changing)):
            found.append(place)
            wanted = (wanted - one.bound) | one.taken
    return found[::-1]
