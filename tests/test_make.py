"""Making what is stale: one piece of work, the order of work, and what two builds and a killed one leave."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

from scripts import make, store
from scripts.build import Session
from scripts.store import Job
from tests.pages import ROOT

QUICK = ("fan", "sigmoid_and_tanh", "length_maps", "correlation_maps")  # figures that are drawn in a moment


@pytest.fixture
def project(tmp_path):
    """A copy of what `scripts.make` needs, with an empty store."""
    for folder in ("wi_docs", "scripts", "docs/labs"):
        ignore = shutil.ignore_patterns("__pycache__", "node_modules", "vendor")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    return tmp_path


def start(project, *arguments):
    command = [sys.executable, "-m", "scripts.make", *arguments]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def made(words):
    return re.findall(r"^\[\d+/\d+\] (\S+) made in", words, flags=re.MULTILINE)


def keys(project):
    """Each job of the copy with the digest of what it depends on."""
    code = (
        "import json; from scripts import store; print(json.dumps({str(job): store.key(job) for job in store.jobs()}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def changed(project, path, old, new):
    """The jobs that an edit makes stale."""
    before, file = keys(project), project / path
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    after = keys(project)
    return {job for job in after if after[job] != before.get(job)}


def test_a_claim_is_one_piece_of_work(project):
    """An edit of one claim makes this claim stale, and none that stands below it in the file."""
    page = "wi_docs/pages/claims/errata.py"
    edit = ('also("64 inputs", mean_of(variances(64)', 'also("64", mean_of(variances(64)')
    assert changed(project, page, *edit) == {"claims/errata.two_over_n_is_of_weights"}
    above = '"""Claims of the page Errata'
    assert changed(project, page, above, f"{above}\n\n\n") == set()


def test_a_helper_is_part_of_the_claims_that_call_it(project):
    page, old = (
        "wi_docs/pages/claims/edge_of_chaos.py",
        "path = trajectory(phi, q=fixed_point(phi, **scales).q_star, correlation=0.5, **scales)",
    )
    stale = changed(project, page, old, old.replace("0.5", "0.4"))
    assert "claims/edge_of_chaos.chaos_parts_inputs" in stale
    assert "claims/edge_of_chaos.order_merges_inputs" not in stale


def test_an_import_counts_for_the_claims_that_use_it(project):
    stale = changed(project, "wi_docs/experiments/pretraining.py", "cure of 2006", "cure of 2007")
    page = (ROOT / "wi_docs" / "pages" / "claims" / "vanishing_gradients.py").read_text()
    assert "from wi_docs.experiments.pretraining import" in page
    assert stale - {"figures/pretraining"}
    assert len(stale) < 6


def test_a_form_has_the_names_of_a_module_as_it_stands(project):
    """`pages.fill_choices` asks a module for its names again when this version of it changes."""

    def version():
        code = "from scripts import store; print(store.version('wi_docs.nn.activations', ''))"
        return subprocess.run(
            [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
        ).stdout

    module, before = project / "wi_docs/nn/activations.py", version()
    module.write_text(module.read_text().replace('_add("mish"', '_add("mush"'))
    assert version() != before
    assert before.strip()


def test_the_code_that_makes_a_kind_counts_for_this_kind(project):
    old = 'options.indent_type, options.newlines, options.digits = "none", False, 4'
    stale = changed(project, "scripts/render.py", old,
                    'options.indent_type, options.newlines, options.digits = "none", False, 5')  # fmt: skip
    assert stale == {str(job) for job in store.jobs(["figures"])}


def test_a_claim_is_made_alone_and_by_its_page(project):
    name = "two_over_n_is_of_weights"
    words, _ = start(project, "claims", name).communicate()
    assert made(words) == [f"claims/errata.{name}"]
    record = json.loads(next((project / ".cache/store/claims" / f"errata.{name}").glob("*/*.json")).read_text())
    assert {"id", "sentence", "measured", "problem"} <= record.keys() or "depends" in record


def test_what_takes_long_comes_first(monkeypatch):
    jobs = [Job("figures", "fan"), Job("figures", "edge"), Job("tables", "gains"), Job("claims", "errata.x")]
    monkeypatch.setattr(store, "seconds", lambda: {"figures/fan": 0.5, "figures/edge": 20.0})
    assert make.by_length(jobs) == [Job("claims", "errata.x"), Job("tables", "gains"), jobs[1], jobs[0]]


def test_the_times_are_written_down(project):
    start(project, "figures", "fan").communicate()
    assert json.loads((project / ".cache/seconds.json").read_text()).keys() == {"figures/fan"}


def test_a_killed_build_leaves_what_it_has_made(project):
    first = start(project, "figures", *QUICK)
    done = made(first.stdout.readline())
    assert len(done) == 1
    first.kill()
    first.communicate()
    # What was stored before the kill is not made again.
    again, _ = start(project, "figures", *QUICK).communicate()
    assert done[0] not in made(again)
    assert set(made(again)) <= {f"figures/{name}" for name in QUICK} - set(done)
    assert len(list((project / ".cache/store/figures").glob("*/*/*.svg"))) == len(QUICK)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("whom", ["the build that asked", "scripts.make"])
def test_the_work_ends_with_the_build_that_asked_for_it(project, how, whom):
    """Else the processes of a served site that is ended go on for minutes."""
    path = project / "wi_docs" / "pages" / "figures" / "fan.py"
    note = "import os, time\nfrom pathlib import Path\n"
    path.write_text(
        f"{path.read_text()}\n{note}Path('pids').write_text(f'{{os.getppid()}} {{os.getpid()}}')\ntime.sleep(100)\n"
    )
    words = [sys.executable, "-m", "scripts.make", "figures", "fan"]
    if whom != "scripts.make":
        code = f"import os, subprocess; subprocess.run([*{[*words, '--parent']!r}, str(os.getpid())])"
        words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=project) as asking:
        wait_for((project / "pids").exists)
        asking.send_signal(how)
    workers = [int(number) for number in (project / "pids").read_text().split()]
    assert len(workers) == 2
    wait_for(lambda: not any(Path(f"/proc/{number}").exists() for number in workers))


def wait_for(reached, seconds=20):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


def test_two_builds_at_a_time_share_the_work(project):
    both = [start(project, "figures", *QUICK) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert not any(errors for _, errors in said)
    together = [job for words, _ in said for job in made(words)]
    assert sorted(together) == sorted(f"figures/{name}" for name in QUICK)


def test_one_core_is_enough(project):
    code = "import os; os.cpu_count = lambda: 1; from scripts import make; "
    code += "raise SystemExit(make.main(['figures', 'fan', 'edge']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert set(made(done.stdout)) == {"figures/fan", "figures/edge"}


def test_a_source_that_changes_meanwhile_is_made_again(project):
    """A result never stands for a source that is not the one it was made from."""
    path = project / "wi_docs" / "pages" / "figures" / "fan.py"
    text = path.read_text()
    # The figure's module rewrites its own file when it is imported: the source changes while its process is at work.
    undo = "file = Path(__file__)\nfile.write_text(file.read_text().partition('\\nfrom pathlib')[0])\n"
    path.write_text(f"{text}\nfrom pathlib import Path\n{undo}")
    words, _ = start(project, "figures", "fan").communicate()
    assert made(words) == ["figures/fan"]
    assert path.read_text() == text.rstrip("\n") or path.read_text() == text
    assert len(list((project / ".cache/store/figures/fan").glob("*/*.svg"))) == 1
    assert made(start(project, "figures", "fan").communicate()[0]) == []


@pytest.mark.parametrize("served", [False, True])
def test_only_a_served_site_may_lack_a_result(monkeypatch, served):
    """A source that changes after its result was made leaves it stale: pages would say that it is being made."""
    ended = subprocess.Popen([sys.executable, "-c", ""], stderr=subprocess.PIPE, text=True)
    monkeypatch.setattr(store, "jobs", lambda: [Job("figures", "fan")])
    monkeypatch.setattr(store, "find", lambda job: None)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: ended)
    session = Session()
    session.served = served
    if served:
        assert session.make() is False
    else:
        with pytest.raises(PluginError, match="Build again"):
            session.make()
