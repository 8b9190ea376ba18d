"""MkDocs' hooks. Each hands its event to the session or its build, in `scripts/build.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from mkdocs.structure.files import Files

# MkDocs loads this file by its path, without the project's folder on Python's path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import policy
from scripts.build import Session
from scripts.store import CACHE

SESSION = Session()
TEMPLATES = CACHE / "templates"


def on_startup(command: str, dirty: bool) -> None:
    """Build beside the last site, but for `mkdocs serve`, which has a folder of its own, and `--dirty`."""
    SESSION.served = command == "serve"
    SESSION.beside = not SESSION.served and not dirty


def on_serve(server: Any, config: Any, builder: Any) -> None:
    """Build the served site again when there are new results."""
    SESSION.watch(server)


def on_config(config: Any) -> Any:
    """Make the results that are stale, and begin a build."""
    SESSION.begin(config)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the results to MkDocs' files."""
    SESSION.build.hand_over(files, config)
    return files


def on_env(env: Any, config: Any, files: Files) -> Any:
    """Keep the theme's templates compiled from one build to the next."""
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(TEMPLATES))
    return env


def on_nav(nav: Any, config: Any, files: Files) -> Any:
    """Let pages that have not changed since the last build be taken from it."""
    SESSION.build.render_once(files)
    return nav


def on_pre_page(page: Any, config: Any, files: Files) -> Any:
    """Point a lab's edit link at the notebook's source, not at the page that is made from it."""
    # Labs are the only generated pages.
    if page.file.generated_by:
        source = Path(page.file.src_uri).with_suffix(".py").as_posix()
        page.edit_url = f"{config.repo_url.rstrip('/')}/{config.edit_uri}{source}"
    return page


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Fill in tables, exercises and lists."""
    return SESSION.build.read(markdown, page)


def on_post_build(config: Any) -> None:
    """Give the pages their policy, which would forbid the script that `mkdocs serve` adds, and check the whole site."""
    if not SESSION.served:
        policy.add(Path(config.site_dir))
    SESSION.build.check(Path(config.site_dir), config)
    SESSION.whole = True


def on_build_error(error: Exception) -> None:
    """Do not put a site in place that a strict build refuses."""
    SESSION.whole = False


def on_shutdown() -> None:
    """Put a whole site in place of the last one."""
    SESSION.end()
