"""The dependencies of a piece of the project's Python, found by reading its source: imports, direct or not, and data.

The answer is known before anything runs. So one tracker serves both of its users: the store, for a job, and
`disk_cached`, for an experiment that a job may find computed already. A list of the files that a run has opened, as a
compiler writes it, would know less: it exists only after a run, and a run that finds an experiment computed does not
open the files that the experiment has read. The price is that modules of the package have to be imported by statements,
and that a module which reads a file of `wi_docs/data` has to have its name as a string. A test compares the answer with
the files that jobs load.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path("wi_docs/data")


@dataclass(frozen=True)
class _Import:
    """One imported name: `from module import name as binding`, or `import module as binding` where `name` is empty."""

    module: str
    name: str
    binding: str


@dataclass(frozen=True)
class _Statement:
    """A statement of a file's top level: its text, with words and without, what it binds and uses, strings, imports."""

    text: str
    code: str
    binds: frozenset[str]
    uses: frozenset[str]
    strings: frozenset[str]
    imports: tuple[_Import, ...]


@dataclass(frozen=True)
class _Code:
    """A Python file that was parsed.

    Attributes:
        statements: the statements of the top level, without imports and without the module's docstring.
        imports: the imports of the top level.
        typed: the imports for type checkers only. In a package that imports names when they are first used, as
            `wi_docs/__init__.py` does, these say where the names come from.
        lines: for each function, the decorators that are called, with their lines.
        code: the whole file without its words.
    """

    statements: tuple[_Statement, ...]
    imports: tuple[_Import, ...]
    typed: tuple[_Import, ...]
    lines: dict[str, dict[str, int]]
    code: str


def refresh() -> None:
    """Forget the content of files, which may have changed. Parsed files are cached by content, and stay."""
    _content.cache_clear()
    _of.cache_clear()
    _all.cache_clear()
    _direct.cache_clear()
    digest.cache_clear()
    _file.cache_clear()
    _data.cache_clear()


@cache
def digest(path: Path) -> str:
    """Return the SHA-256 of a file, given relative to the project."""
    return hashlib.sha256(_content(path)).hexdigest()


def of(path: Path, name: str = "", *, words: bool = True) -> dict[str, str]:
    """Return the dependencies of a file as paths relative to the project, each with a digest; the file is one of them.

    Args:
        path: a Python file, relative to the project.
        name: a function of the file. Then only those parts of the file count that the function needs, so that a change
            of another function, or of an import for it, does not change the answer.
        words: whether comments, docstrings, empty lines and what stands in `@claim(…)` count. What an experiment
            computes does not depend on them, and what a page shows does.

    Raises:
        FileNotFoundError: if the file is not there.
        KeyError: if it has no function of that name.

    Examples:
        >>> sorted(of(Path("wi_docs/nn/number_formats.py")))
        ['wi_docs/__init__.py', 'wi_docs/nn/__init__.py', 'wi_docs/nn/checks.py', 'wi_docs/nn/number_formats.py']
    """
    return dict(_of(path, name, words))


@cache
def _of(path: Path, name: str, words: bool) -> dict[str, str]:
    """Return the answer of `of`, which callers get as a copy."""
    code = _read(_content(path))
    if name:
        statements, imports = _part(code, name)
        texts = [statement.text if words else statement.code for statement in statements]
        found = {f"{path.as_posix()}: {name}": _sha256("\n".join(texts + sorted(map(repr, imports))))}
        needed = {*_packages(path), *_needs(statements, imports)}
    else:
        found, needed = {}, {path}
    files = set().union(*map(_all, needed))
    return found | {
        file.as_posix(): digest(file) if words or file.suffix != ".py" else _sha256(_read(_content(file)).code)
        for file in files
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _all(path: Path) -> set[Path]:
    """Return a file with all of its dependencies, direct or not."""
    found, todo = set(), [path]
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            todo += _direct(file)
    return found


@cache
def _direct(path: Path) -> list[Path]:
    """Return the direct dependencies of a file; those of a data file are none."""
    if path.suffix != ".py":
        return []
    code = _read(_content(path))
    return [*_packages(path), *_needs(code.statements, code.imports)]


def functions(path: Path, decorator: str) -> dict[str, int]:
    """Return the functions of a file that are decorated by a call of `decorator`, each with the line of the decorator.

    Examples:
        >>> functions(Path("wi_docs/pages/claims/errata.py"), "claim")["two_over_n_is_of_weights"] > 1
        True
    """
    found = _read(_content(path)).lines
    return {name: marks[decorator] for name, marks in found.items() if decorator in marks}


@cache
def _content(path: Path) -> bytes:
    return (ROOT / path).read_bytes()


@cache
def _read(content: bytes) -> _Code:
    """Parse a file."""
    tree, lines = ast.parse(content), content.decode().splitlines()
    bare = _without_words(tree, content, lines)
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    typed = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    own = [node for node in tree.body if node not in imports and node not in typed]
    if own and isinstance(own[0], ast.Expr) and isinstance(own[0].value, ast.Constant):
        del own[0]
    return _Code(
        tuple(_statement(node, lines, bare) for node in own),
        tuple(_imports(imports)),
        tuple(_imports(inner for node in typed for inner in ast.walk(node))),
        {node.name: _marks(node) for node in own if isinstance(node, ast.FunctionDef)},
        _joined(bare),
    )


def _without_words(tree: ast.Module, content: bytes, lines: list[str]) -> list[str]:
    """Return the lines of a file without comments, docstrings and calls of the decorator `claim`, which are all words.

    The lines keep their numbers: what is left out leaves an empty line.
    """
    bare = list(lines)
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            bare[line - 1] = bare[line - 1][:column]
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        words: list[ast.stmt | ast.expr] = []
        if node.body and ast.get_docstring(node, clean=False) is not None:
            words.append(node.body[0])
        if isinstance(node, ast.FunctionDef):
            words += (mark for mark in node.decorator_list if isinstance(mark, ast.Call) and _name(mark) == "claim")
        for one in words:
            last = one.end_lineno or one.lineno
            bare[one.lineno - 1 : last] = [""] * (last - one.lineno + 1)
    return bare


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _statement(node: ast.stmt, lines: list[str], bare: list[str]) -> _Statement:
    """Return a statement of the top level with its names, strings and imports, nested ones included.

    Args:
        node: the statement.
        lines: the lines of its file.
        bare: the same lines without words.
    """
    # A decorator stands above the line of its function.
    first = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", ()))])
    binds: set[str] = set()
    uses: set[str] = set()
    strings: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (binds if isinstance(inner.ctx, ast.Store) else uses).add(inner.id)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            strings.add(inner.value)
    imports = tuple(_imports(ast.walk(node)))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        binds = {node.name}  # what it binds inside is its own
    else:
        binds |= {one.binding for one in imports}
    text = "\n".join(lines[first - 1 : node.end_lineno])
    code = _joined(bare[first - 1 : node.end_lineno])
    return _Statement(text, code, frozenset(binds), frozenset(uses), frozenset(strings), imports)


def _marks(function: ast.FunctionDef) -> dict[str, int]:
    """Return the lines of the decorators that are called, such as `@claim(…)`, by name."""
    called = (mark for mark in function.decorator_list if isinstance(mark, ast.Call))
    return {_name(mark): mark.lineno for mark in called if _name(mark)}


def _imports(nodes: Iterable[ast.AST]) -> Iterator[_Import]:
    """Yield an entry for each name that the import statements among `nodes` bind."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, "", alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield _Import(node.module or "", alias.name, alias.asname or alias.name)


def _part(code: _Code, name: str) -> tuple[list[_Statement], list[_Import]]:
    """Return the statements that a function needs of its own file, in their order, and the imports that these use."""
    bound: dict[str, list[_Statement]] = {}
    for statement in code.statements:
        for binding in statement.binds:
            bound.setdefault(binding, []).append(statement)
    # Statements that bind nothing, such as a call at the top level, may change what the function sees.
    acts = [statement for statement in code.statements if not statement.binds]  # there for what they do
    needed: set[_Statement] = set()
    names: set[str] = set()
    todo = [*bound[name], *acts]
    # The transitive closure: whatever binds a name that is used is needed too.
    while todo:
        statement = todo.pop()
        if statement not in needed:
            needed.add(statement)
            names |= statement.uses
            todo += [other for binding in statement.uses for other in bound.get(binding, ())]
    imports = [one for one in code.imports if one.binding in names]
    return [statement for statement in code.statements if statement in needed], imports


def _needs(statements: Iterable[_Statement], imports: Iterable[_Import]) -> Iterator[Path]:
    """Yield the files that statements and imports need: modules, and data whose names stand among the strings."""
    for one in imports:
        yield from _imported(one)
    for statement in statements:
        for one in statement.imports:
            yield from _imported(one)
        for name in statement.strings & _data().keys():
            yield _data()[name]


def _imported(one: _Import) -> Iterator[Path]:
    """Yield the files of an import, none if it is not of this project."""
    module = _file(f"{one.module}.{one.name}") if one.name else None  # `from package import module`
    path = module or _file(one.module)
    if path is None:
        return  # not of this project
    yield path
    if module is None and path.name == "__init__.py":
        # A name of a package that imports it when it is first used: its module counts, and the package's other modules
        # do not.
        for late in _read(_content(path)).typed:
            if late.binding == one.name:
                yield from _imported(late)


@cache
def _file(module: str) -> Path | None:
    """Return the file of a module, or None for what is no module of this project."""
    if module.partition(".")[0] != "wi_docs":
        return None
    path = Path(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if (ROOT / file).is_file()), None)


def _packages(path: Path) -> Iterator[Path]:
    """Yield the `__init__.py` of the packages that a module is in: they run before it."""
    for folder in path.parents:
        file = _file(".".join(folder.parts))
        if file is not None:
            yield file


@cache
def _data() -> dict[str, Path]:
    """Return the data files by their names, with and without suffixes: `digits.csv.gz` and `digits`."""
    paths = [DATA / path.name for path in sorted((ROOT / DATA).iterdir())]
    return {word: path for path in paths for word in (path.name, path.name.partition(".")[0])}
