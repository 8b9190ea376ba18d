"""Remembered experiments: run once for the same arguments and the same source, and again for others."""

import shutil
import subprocess
import sys

import pytest

MODULE = """
from pathlib import Path

from wi_docs.experiments import memory

CALLS = Path(__file__).with_name("calls")


@memory.remembered
def measure(x, *, factor=1):
    CALLS.write_text(CALLS.read_text() + "." if CALLS.exists() else ".")
    return factor * x
"""


@pytest.fixture
def package(tmp_path):
    """A small package of the same name, with the real memory and one experiment."""
    from wi_docs.experiments import memory

    home = tmp_path / "wi_docs"
    for folder in (home, home / "experiments"):
        folder.mkdir()
        (folder / "__init__.py").touch()
    shutil.copy(memory.__file__, home / "experiments" / "memory.py")
    (home / "ground.py").write_text("UNIT = 1\n")
    (home / "experiment.py").write_text("from wi_docs import (\n    ground as earth,\n)\n" + MODULE)
    return home


def calls(package, *arguments, keep=True):
    """Call `measure` in a process for each of `arguments`, and return how often it has run so far."""
    for argument in arguments:
        code = "from pathlib import Path; from wi_docs import experiment; from wi_docs.experiments import memory; "
        code += "memory.keep_in(Path('kept')); " if keep else ""
        subprocess.run([sys.executable, "-c", f"{code}experiment.measure({argument})"], cwd=package.parent, check=True)
    return len((package / "calls").read_text())


def test_the_same_call_runs_once(package):
    assert calls(package, "2", "2") == 1


def test_other_arguments_run_again(package):
    assert calls(package, "2", "3", "2, factor=2") == 3


def test_without_a_folder_nothing_is_kept(package):
    assert calls(package, "2", "2", keep=False) == 2


def test_what_cannot_be_told_apart_is_never_looked_up(package):
    assert calls(package, "__import__('numpy').ones(2)", "__import__('numpy').ones(2)") == 2


@pytest.mark.parametrize("changed", ["experiment.py", "ground.py"])
def test_another_source_runs_again(package, changed):
    assert calls(package, "2") == 1
    with (package / changed).open("a") as file:
        file.write("# changed\n")
    assert calls(package, "2") == 2
