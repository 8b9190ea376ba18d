"""The project as a whole: floors, imports, types, style, snippets and the lock."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    {"checks", "columns", "memory", "floats", "activations", "digits", "frameworks"},
    {"initializers", "gains"},
    {"network"},
    {"propagation", "training", "symmetry", "pretraining", "products", "recurrent", "meanfield", "trainability"}
    | {"catalog", "lsuv", "mup", "residual", "saturation"},
    {"diagnosis", "weights"},
    {"figures", "claims", "tables", "exercises", "explorers", "report", "torch_probe"},
    {"__init__", "command"},
)
FLOOR = {name: number for number, names in enumerate(FLOORS, start=1) for name in names}
SAME_FLOOR = {"activations": {"checks"}, "digits": {"checks"}, "symmetry": {"training"}, "training": {"propagation"}}
SAME_FLOOR |= {"pretraining": {"training"}, "trainability": {"training"}, "floats": {"checks"}}
SAME_FLOOR |= {"catalog": {"propagation"}, "mup": {"propagation", "training"}, "residual": {"propagation", "training"}}
SAME_FLOOR |= {"saturation": {"training"}, "report": {"torch_probe"}, "figures": {"report", "torch_probe"}}


def modules():
    return [path for path in sorted((ROOT / "wi_docs").rglob("*.py")) if path.stem != "__main__"]


def imported(path):
    """The parts of the package that a module imports when it is loaded, each with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wi_docs"):
            _, _, rest = node.module.partition(".")
            for name in [rest.split(".")[0]] if rest else [alias.name for alias in node.names]:
                yield name, node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_a_file_imports_from_the_floors_below_it(path):
    part = path.relative_to(ROOT / "wi_docs").parts[0].removesuffix(".py")
    for name, line in imported(path):
        if part != "__init__" and not (
            part == name and part in ("figures", "claims", "tables", "exercises", "explorers")
        ):
            below = FLOOR[name] < FLOOR[part] or name in SAME_FLOOR.get(part, set())
            assert below, f"{path.relative_to(ROOT)}:{line}: {part} imports {name}"


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_importing_everything_but_figures_loads_numpy_only():
    names = ", ".join(f"wi_docs.{name}" for name in FLOOR if name not in ("figures", "__init__"))
    code = (
        f"import sys, {names}; print(*{{m.split('.')[0] for m in sys.modules}} & {{'matplotlib', 'scipy', 'mkdocs'}})"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


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
CHAPTERS = ("weight-initialization", "vanishing-gradients", "exploding-gradients", "ways-to-initialize-weights")


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


def test_a_wrong_output_fails_with_file_and_line(tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# Page\n\n```pycon\n>>> 1 + 1\n2\n>>> 2 + 2\n5\n```\n\nAfter it.\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "docs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"docs/page\.md.*line 6", done.stdout)
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_a_chapter(chapter):
    text = (ROOT / "docs" / f"{chapter}.md").read_text()
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert len(prose.split()) >= 1200
    assert len(re.findall(r"^```pycon$", text, flags=re.MULTILINE)) >= 8


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
