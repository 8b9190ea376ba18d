"""Experiments that are cached on disk: run once for the same arguments and the same version, and again for others."""

import io
import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from wi_docs.experiments import conditions, disk_cache, results_file, training
from wi_docs.experiments.training import History

MODULE = """
from pathlib import Path

from wi_docs.experiments import disk_cache

CALLS = Path(__file__).with_name("calls")


@disk_cache.disk_cached
def measure(x, *, factor=1):
    CALLS.write_text(CALLS.read_text() + "." if CALLS.exists() else ".")
    return factor * x
"""


@pytest.fixture
def package(tmp_path):
    """A small package of the same name, with the real cache and one experiment."""
    home = tmp_path / "wi_docs"
    for folder in (home, home / "experiments"):
        folder.mkdir()
        (folder / "__init__.py").touch()
    for module in (conditions, disk_cache, results_file):
        shutil.copy(module.__file__, home / "experiments")
    (home / "experiment.py").write_text(MODULE)
    return home


# `measure` writes a dot for each of its runs, so that runs in other processes can be counted.
def calls(package, *arguments, keep="Path('kept'), disk_cache.unversioned"):
    """Call `measure` in a process for each of `arguments`, and return how often it has run so far."""
    for argument in arguments:
        code = "from pathlib import Path; from wi_docs import experiment; from wi_docs.experiments import disk_cache; "
        code += f"disk_cache.keep_in({keep}); experiment.measure({argument})"
        subprocess.run([sys.executable, "-c", code], cwd=package.parent, check=True)
    return len((package / "calls").read_text())


def test_the_same_call_runs_once(package):
    assert calls(package, "2", "2") == 1


def test_other_arguments_run_again(package):
    assert calls(package, "2", "3", "2, factor=2") == 3


def test_without_a_folder_nothing_is_kept(package):
    assert calls(package, "2", "2", keep="None, disk_cache.unversioned") == 2


def test_what_cannot_be_told_apart_is_never_looked_up(package):
    assert calls(package, "__import__('numpy').ones(2)", "__import__('numpy').ones(2)") == 2


def test_another_version_runs_again(package):
    said = "lambda module, function: f'{module} {function} 1'"
    assert calls(package, "2", "2", keep=f"Path('kept'), {said}") == 1
    assert calls(package, "2", keep=f"Path('kept'), {said.replace('1', '2')}") == 2


def test_two_processes_that_want_the_same_at_once_run_it_once(package):
    (package / "experiment.py").write_text(MODULE.replace("    return", "    __import__('time').sleep(1)\n    return"))
    code = (
        "from pathlib import Path; from wi_docs import experiment; from wi_docs.experiments import disk_cache; "
        "disk_cache.keep_in(Path('kept'), disk_cache.unversioned); print(experiment.measure(2))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=package.parent, stdout=subprocess.PIPE) for _ in range(2)
    ]
    assert [one.communicate()[0] for one in both] == [b"2\n", b"2\n"]
    assert len((package / "calls").read_text()) == 1


# A sweep that prints which seeds it has trained itself, and the accuracy of all.
SWEEP = """
import sys
from pathlib import Path
from wi_docs.experiments import disk_cache, training
disk_cache.keep_in(Path(sys.argv[1]), disk_cache.unversioned)
train_stack, trained = training.train_stack, []
def counting(nets, **plan):
    trained.extend(plan["seeds"])
    return train_stack(nets, **plan)
training.train_stack = counting
runs = training.sweep("tanh", "lecun_normal", depth=30, rates=[0.05], seeds=range(24), steps=20)
print(*trained, sep=",")
print(*(float(run.accuracy[-1]) for run in runs.values()))
"""


def test_two_processes_that_want_one_sweep_share_the_work(tmp_path):
    started = [
        subprocess.Popen([sys.executable, "-c", SWEEP, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    (first, its), (second, others) = (one.communicate()[0].splitlines() for one in started)
    assert its == others
    shares = [[int(seed) for seed in trained.split(",") if seed] for trained in (first, second)]
    # Each network was trained by one of the two, and both have the results of all.
    assert sorted(shares[0] + shares[1]) == list(range(24))
    assert all(shares)


def test_a_result_is_found_by_function_and_arguments_however_they_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_cache, "_folder", tmp_path / "not" / "there")
    monkeypatch.setattr(disk_cache, "_version", disk_cache.unversioned, raising=False)
    ran = []

    @disk_cache.disk_cached
    def one(x, *, factor=1):
        ran.append(("one", x, factor))
        return ["one", x, factor]

    @disk_cache.disk_cached
    def other(x, *, factor=1):
        ran.append(("other", x, factor))
        return ["other", x, factor]

    for _ in range(2):
        for x in (2, 2.5, "2", (2, (None, True))):
            assert one(x) == one(x=x) == one(x, factor=1) == ["one", x, 1]
            assert (other(x), other(x, factor=3)) == (["other", x, 1], ["other", x, 3])
    assert len(ran) == 12
    assert one((2, [3])) == one((2, [3]))  # a list may have changed
    assert len(ran) == 14
    assert one.__name__ == "one"


def test_what_is_kept_is_read_back_with_its_kinds():
    history = History(
        np.arange(3.0), np.full(3, 0.5), np.zeros(0), np.zeros((0, 2)), np.zeros((0, 2)), float("inf"), None, "exploded"
    )
    said = conditions.Said(frozenset({"depth"}), {"rate": {0.1, "adam"}}, {"width"})
    result = {
        ("relu", 0.5): [history, (1, True, None)],
        2: np.array([[1, 2]]),
        "nan": float("nan"),
        "no": np.array(3.0),
    }
    found, heard = results_file.load(results_file.dump((result, said)))
    assert heard == said
    assert isinstance(heard.claimed, frozenset)
    assert list(found) == list(result)
    (again, plain), whole = found["relu", 0.5], found[2]
    assert type(plain) is tuple
    assert plain == (1, True, None)
    assert (type(again), again.explosion, again.valid_accuracy) == (History, "exploded", float("inf"))
    assert again.weight_gradient_rms.shape == (0, 2)
    assert np.array_equal(again.accuracy, history.accuracy)
    assert (whole.dtype, whole.shape) == (np.array([[1, 2]]).dtype, (1, 2))
    assert np.isnan(found["nan"])
    assert found["no"].shape == ()


@dataclass
class Ours:
    """A dataclass of another package than the site's."""

    x: int = 1


@pytest.mark.parametrize("result", [object(), np.array([object()]), {1: [len]}, type("Sub", (dict,), {})(), 1j])
def test_what_is_no_data_is_not_kept(result):
    with pytest.raises(TypeError, match="numbers, strings and arrays"):
        results_file.dump(result)


def archive(structure, **arrays):
    file = io.BytesIO()
    np.savez(file, structure=np.array(json.dumps(structure)), **arrays)
    return file.getvalue()


class Opens:
    """What a pickle can do when it is read: here, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_spoiled_file_runs_nothing_and_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_cache, "_folder", tmp_path / "kept")
    monkeypatch.setattr(disk_cache, "_version", disk_cache.unversioned, raising=False)
    ran = []

    @disk_cache.disk_cached
    def one():
        ran.append(1)
        return 2

    assert one() == one() == 2
    (path,) = (tmp_path / "kept").glob("*[!k]")  # and not the lock
    good, trap = path.read_bytes(), tmp_path / "trap"
    objects = io.BytesIO()
    np.savez(objects, structure=np.array('["array", "0"]'), **{"0": np.array([Opens(str(trap))], dtype=object)})
    spoiled = [
        b"",
        good[: len(good) // 2],
        pickle.dumps(Opens(str(trap))),
        objects.getvalue(),
        archive(["dataclass", "subprocess", "Popen", [["args", ["touch", str(trap)]]]]),
        archive(["dataclass", __name__, "Ours", []]),
        archive(["dataclass", "wi_docs.experiments.training", "train_stack", []]),
        archive(["unknown", []]),
        archive(["array", "7"]),
    ]
    for number, content in enumerate(spoiled):
        path.write_bytes(content)
        assert one() == 2
        assert len(ran) == number + 2
    assert not trap.exists()


def test_a_sweep_does_not_wait_for_what_it_holds_itself(tmp_path, monkeypatch):
    """Another process may have come to its end after a sweep has looked for results, and before it holds them."""
    plan = {"depth": 1, "rates": [0.1], "seeds": range(2), "steps": 2}
    hold = disk_cache.hold
    waited = []

    def late(holds, path, *, wait):
        for made in (path for path in (tmp_path / "other").iterdir() if not path.suffix):
            shutil.copy(made, tmp_path / "own")
        waited.append(wait)
        assert not wait, "it waits for itself"
        return hold(holds, path, wait=wait)

    try:
        disk_cache.keep_in(tmp_path / "other", disk_cache.unversioned)
        first = training.sweep("tanh", "lecun_normal", **plan)
        (tmp_path / "own").mkdir()
        disk_cache.keep_in(tmp_path / "own", disk_cache.unversioned)
        monkeypatch.setattr(disk_cache, "hold", late)
        again = training.sweep("tanh", "lecun_normal", **plan)
    finally:
        disk_cache.keep_in(None, disk_cache.unversioned)
    assert training.ends(again) == training.ends(first)
    assert waited == [False, False]
