"""The picture of the house on the contributing page, drawn from the contract in `pyproject.toml` and from the files."""

from __future__ import annotations

import ast
import html
import tomllib
from pathlib import Path

from scripts.store import ROOT


def layers() -> list[str]:
    """Return the layers that import-linter holds, the topmost first.

    Examples:
        >>> layers()[-1]
        'wi_docs.nn'
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"][0]["layers"])


def picture() -> str:
    """Return a row for each layer as HTML: its folder, the first line of its docstring, and its modules."""
    rows, words = [], []
    for layer in layers():
        path = ROOT / layer.replace(".", "/")
        modules = _modules(path) if path.is_dir() else []
        # The topmost layer but the build is one module, the command line.
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        what = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        folder = path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else ".py")
        said = html.escape(what.replace("`", ""))
        rows.append(f"<div><b>{folder}</b><span>{said} <code>{' '.join(modules)}</code></span></div>")
        words.append(f"{folder}: {', '.join(modules) or 'one module'}")
    label = html.escape(f"The layers, from the top. {'. '.join(words)}.")
    return f'<div class="wi-house" role="img" aria-label="{label}" markdown="0">\n' + "\n".join(rows) + "\n</div>"


def _modules(path: Path) -> list[str]:
    """Return the modules of a folder and its packages, the latter with a slash. Private ones are left out."""
    return sorted(
        f"{p.name}/" if p.is_dir() else p.stem
        for p in path.iterdir()
        if not p.name.startswith("_") and (p.suffix == ".py" or (p / "__init__.py").is_file())
    )
