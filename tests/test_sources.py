"""What code depends on: found by reading, in a small package, and held against what the site's own jobs load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import sources, store

# A small package with every way in which a function may depend on something: a helper, a constant, a late import, a
# name of the package that is imported when it is first used, a data file, and another function.
PACKAGE = {
    "__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from wi_docs.nn.gains import gain\n",
    "nn/__init__.py": "",
    "nn/gains.py": "from wi_docs.nn import checks\n\ndef gain():\n    return checks.ONE\n",
    "nn/checks.py": "ONE = 1\n",
    "nn/late.py": "",
    "data/digits.csv.gz": "",
    "page.py": """
import numpy as np
from wi_docs import gain
from wi_docs.nn import checks as earth

UNITS = ("digits.csv.gz", 1)
print("at work")

def claim(**options):
    return lambda function: function

def helper():
    from wi_docs.nn import late
    return earth.ONE

@claim()
def first():
    return helper()

@claim(source="")
def second():
    return gain() + UNITS[1]

@claim()
def third():
    return first()
""",
}
PAGE = Path("wi_docs/page.py")
INITS = {"wi_docs/__init__.py"}
NN = {"wi_docs/nn/__init__.py"}


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in PACKAGE.items():
        path = tmp_path / "wi_docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    sources.refresh()
    yield tmp_path / "wi_docs"
    monkeypatch.undo()
    sources.refresh()


def test_a_function_depends_on_what_it_uses(package):
    gain, checks, late, digits = (
        f"wi_docs/{name}" for name in ("nn/gains.py", "nn/checks.py", "nn/late.py", "data/digits.csv.gz")
    )
    assert sources.of(PAGE, "first").keys() == {"wi_docs/page.py: first", checks, late, *INITS, *NN}
    assert sources.of(PAGE, "second").keys() == {"wi_docs/page.py: second", gain, checks, digits, *INITS, *NN}
    assert sources.of(PAGE, "third").keys() == {"wi_docs/page.py: third", checks, late, *INITS, *NN}
    assert sources.of(PAGE).keys() == {"wi_docs/page.py", gain, checks, late, digits, *INITS, *NN}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("return helper()", "return helper() + 1", {"first", "third"}),
        ("return earth.ONE", "return earth.ONE + 1", {"first", "third"}),
        ("UNITS[1]", "UNITS[0]", {"second"}),
        ('csv.gz", 1', 'csv.gz", 2', {"second"}),
        ("at work", "at rest", {"first", "second", "third"}),
        ("lambda function: function", "lambda function: None", {"first", "second", "third"}),
        ("import checks as earth", "import gains as earth", {"first", "third"}),
        ("import numpy as np", "import numpy as xp", set()),
        ("\n@claim()\ndef third", "\n# A comment, and lines.\n\n\n\n@claim()\ndef third", set()),
    ],
)
def test_a_change_counts_for_those_who_use_it(package, old, new, changed):
    before = {name: sources.of(PAGE, name) for name in ("first", "second", "third")}
    page = package / "page.py"
    assert page.read_text().count(old) == 1
    page.write_text(page.read_text().replace(old, new))
    sources.refresh()
    assert {name for name, was in before.items() if sources.of(PAGE, name) != was} == changed


@pytest.mark.parametrize(
    ("file", "old", "new", "text", "code"),
    [
        ("page.py", "def second():\n", 'def second():\n    """Return two."""\n', {"second"}, set()),
        ("page.py", "    return gain()", "    # One more.\n\n    return gain()", {"second"}, set()),
        ("page.py", '@claim(source="")', '@claim(\n    source="@he"\n)', {"second"}, set()),
        ("page.py", "UNITS[1]", "UNITS[0]  # the first", {"second"}, {"second"}),
        ("page.py", "UNITS[1]", '"""UNITS[1]"""', {"second"}, {"second"}),
        ("nn/checks.py", "ONE = 1\n", '"""Checks."""\n\nONE = 1  # not 2\n', {"first", "second", "third"}, set()),
        ("nn/checks.py", "ONE = 1\n", 'ONE = "#1"\n', {"first", "second", "third"}, {"first", "second", "third"}),
    ],
)
def test_words_count_where_they_are_shown_and_not_for_what_is_computed(package, file, old, new, text, code):
    def all_of(words):
        return {name: sources.of(PAGE, name, words=words) for name in ("first", "second", "third")}

    before = all_of(True), all_of(False)
    path = package / file
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    sources.refresh()
    changed = [
        {name for name in was if now[name] != was[name]}
        for was, now in zip(before, (all_of(True), all_of(False)), strict=True)
    ]
    assert changed == [text, code]


def test_a_change_of_what_is_imported_counts(package):
    before = {name: sources.of(PAGE, name) for name in ("first", "second", "third")}
    (package / "nn" / "gains.py").write_text("def gain():\n    return 2\n")
    sources.refresh()
    assert {name for name, was in before.items() if sources.of(PAGE, name) != was} == {"second"}


def test_functions_are_found_by_their_decorator_with_its_line(package):
    line = PACKAGE["page.py"].splitlines().index("@claim()") + 1
    assert sources.functions(PAGE, "claim")["first"] == line
    assert list(sources.functions(PAGE, "claim")) == ["first", "second", "third"]


# Imports each module in a process of its own, and prints the files of the package that it has loaded.
LOADED = """
import importlib, json, os, sys
import numpy, matplotlib.figure  # once, for the processes that are forked
found = {}
for job, module in json.load(sys.stdin).items():
    reading, writing = os.pipe()
    if os.fork() == 0:
        importlib.import_module(module)
        files = [getattr(m, "__file__", None) or "" for name, m in sys.modules.items() if name.startswith("wi_docs")]
        os.write(writing, json.dumps([f for f in files if f]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found[job] = json.loads(pipe.read())
    os.wait()
print(json.dumps(found))
"""


def test_a_job_is_known_to_depend_on_all_that_it_loads():
    """Each module is imported in a process of its own. Of one with claims, every claim together knows as much."""
    jobs = [job for job in store.jobs() if job.kind != "labs"]
    modules = {f"{job.kind}/{job.module}": ".".join(job.source.with_suffix("").parts) for job in jobs}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        input=json.dumps(modules),
        cwd=store.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for module, files in json.loads(done.stdout).items():
        loaded = {Path(file).relative_to(store.ROOT).as_posix() for file in files}
        assert len(loaded) > 3
        mine = [job for job in jobs if f"{job.kind}/{job.module}" == module]
        known = {mine[0].source.as_posix()}.union(*(sources.of(j.source, j.function) for j in mine))
        assert loaded <= known, module


def test_data_are_named_by_what_reads_them():
    data = {f"wi_docs/data/{path.name}" for path in (store.ROOT / "wi_docs" / "data").iterdir() if path.suffix != ".md"}
    known = {path for job in store.jobs() for path in sources.of(job.source, job.function)}
    assert data - {"wi_docs/data/diagnosis_schema.json"} <= known  # that one is for those who read our JSON
