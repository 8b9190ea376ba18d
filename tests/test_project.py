"""The project as a whole: layers, imports, types, style, snippets and the lock."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_folder_imports_from_those_below_it():
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout
    # Without exceptions, as the guide says.
    assert not re.search(
        r"^(ignore_imports|exclude_type_checking)", (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )


def test_an_import_from_above_is_named(tmp_path):
    for name in ("wi_docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = tmp_path / "wi_docs" / "nn" / "gains.py"
    module.write_text("from wi_docs.experiments import digits\n" + module.read_text())
    lint = str(Path(sys.executable).with_name("lint-imports"))
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [lint, "--no-cache"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(r"wi_docs\.nn\.gains\s*->\s*wi_docs\.experiments\.digits \(l\.1\)", done.stdout), done.stdout


def test_importing_everything_but_figures_loads_numpy_only():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "wi_docs").rglob("*.py"))
        if "figures" not in path.parts and path.stem != "__main__"
    ]
    # What an environment loads by itself, as for packages in development, is there before.
    code = (
        f"import sys; before = set(sys.modules); import {', '.join(modules)}; "
        # Cython's own are made by what it compiled, and come from no package.
        "new = {name.partition('.')[0] for name, module in sys.modules.items() "
        "if name not in before and getattr(module, '__spec__', None)}; "
        "print(*sorted(new - set(sys.stdlib_module_names) - {'wi_docs'}))"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["numpy"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [re.split(r"[<>=]", needed)[0] for needed in project["dependencies"]] == ["numpy"]


def test_the_guide_says_why_each_dependency_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = {re.split(r"[<>=\[]", words)[0] for words in [*project["dependencies"], *extras["site"], *extras["test"]]}
    table = (ROOT / "docs" / "contributing.md").read_text().partition("| package | why |")[2]
    named = {name for row in re.findall(r"^\| ([^|]+) \|", table, flags=re.MULTILINE) for name in row.split(", ")}
    assert needed <= named, needed - named


def test_importing_and_drawing_change_nobodys_settings():
    modules = [f"wi_docs.pages.figures.{p.stem}" for p in (ROOT / "wi_docs/pages/figures").glob("[a-z]*.py")]
    code = (
        f"import matplotlib; before = dict(matplotlib.rcParams); import {', '.join(modules)}; "
        "wi_docs.pages.figures.sigmoid_and_tanh.draw().svg('x'); "
        "print([name for name, value in matplotlib.rcParams.items() if before[name] != value])"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_importing_the_package_loads_nothing_until_it_is_asked_for():
    done = run(
        sys.executable, "-c", "import sys, wi_docs; print('numpy' in sys.modules); wi_docs.gain; print(wi_docs.__all__)"
    )
    assert done.stdout.startswith("False")


def test_types():
    done = run(sys.executable, "-m", "mypy")
    assert done.returncode == 0, done.stdout


def test_style():
    for command in (("check", "--quiet"), ("format", "--check", "--quiet")):
        done = run(sys.executable, "-m", "ruff", *command, ".")
        assert done.returncode == 0, done.stdout + done.stderr


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [*sorted((ROOT / "wi_docs").rglob("*.py")), *sorted((ROOT / "scripts").glob("*.py"))]


@pytest.fixture(scope="session")
def collected():
    """How many examples pytest itself collects from each file."""
    done = run(sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:xdist", "-o", "addopts=")
    assert done.returncode == 0, done.stdout
    return Counter(line.partition("::")[0] for line in done.stdout.splitlines() if "::line:" in line)


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=lambda path: path.stem)
def test_every_prompt_written_is_a_test(path, collected):
    """Prompts as a reader sees them, against examples as the tests collect them."""
    text = path.read_text()
    written = len(re.findall(r"^\s*>>> (?!#)", text, flags=re.MULTILINE))
    assert collected[path.relative_to(ROOT).as_posix()] == written
    assert "doctest:" not in text, "a directive that loosens or leaves out an example"
    assert not re.findall(r"^ *```(?:python|py)\b", text, flags=re.MULTILINE), "code that no test would run"


def run_page(folder, page, *options):
    """Run the examples of a page, whose text is given, as the only tests of a folder."""
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (folder / "scripts").symlink_to(ROOT / "scripts")
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").write_text(page)
    command = [sys.executable, "-m", "pytest", *options, "docs"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_examples_of_a_page_run_in_one_process(tmp_path):
    addopts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
    first, later = ">>> import os; here = os.getpid()\n", ">>> os.getpid() == here\nTrue\n" * 30
    done = run_page(tmp_path, f"```pycon\n{first}{later}```\n", *addopts.split(), "--numprocesses=2")
    assert "31 passed" in done.stdout, done.stdout


def test_a_wrong_output_fails_with_file_and_line(tmp_path):
    page = "# Page\n\n```pycon\n>>> 1 + 1\n2\n>>> 2 + 2\n5\n```\n\nAfter it.\n"
    done = run_page(tmp_path, page, "-p", "no:xdist")
    assert done.returncode == 1
    assert re.search(r"docs/page\.md.*line 6", done.stdout)
    assert "1 failed, 1 passed" in done.stdout


def test_the_lock_pins_with_hashes_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in lock
    assert len(re.findall(r"^numpy==", lock, flags=re.MULTILINE)) == 1


def test_no_commit_names_this_machine():
    tracked = run("git", "ls-files", "-z").stdout.split("\0")
    if tracked == [""]:
        pytest.skip("not a git checkout")
    for name in tracked:
        path = ROOT / name
        if (
            name
            and path.is_file()
            and path.suffix in (".py", ".md", ".yml", ".toml", ".lock", ".css", ".js", ".svg", "")
        ):
            text = path.read_text(errors="replace")
            assert str(ROOT) not in text or Path("/") == ROOT, name
