"""What README, the guide, the policy on security and the pages about the site promise, held against what is there."""

import inspect
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET

import pytest

from scripts import pages
from tests.pages import PAGES, ROOT
from tests.test_runtime_pages import runnable
from wi_docs.__main__ import main
from wi_docs.experiments import frameworks
from wi_docs.nn import initializers
from wi_docs.pages import claims
from wi_docs.pages.claims import _checks
from wi_docs.pages.claims._statements import STATEMENTS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SAID = (
    "README.md",
    "SECURITY.md",
    "docs/contributing.md",
    "docs/install.md",
    "docs/diagnose.md",
    "wi_docs/data/README.md",
)
IN_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def flat(path):
    return " ".join(read(path).split())


@pytest.mark.parametrize("page", SAID)
def test_files_and_targets_that_are_named_exist(page):
    text, makefile = read(page), read("Makefile")
    for code in re.findall(r"`([^`\n]+)`", text) + re.findall(r"(?m)^\s*(?:make|\.venv/bin/\S+) .*$", text):
        for place in re.findall(r"(?<![\w/.-])(?:docs|scripts|tests|wi_docs)/[\w./-]*", code):
            assert re.search(r"\b(name|page)\.", place) or (ROOT / place).exists(), place
        for target in re.findall(r"\bmake ([a-z][\w-]*)", code):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_readme_counts_chapters_and_labs():
    first, _, rest = read("mkdocs.yml").partition("- Chapters:")[2].partition("More chapters:")
    counts = (
        first.count(".md"),
        rest.partition("questions.md")[0].count(".md"),
        len(re.findall(r"- labs/(?!index)", rest)),
    )
    for number, what in zip(counts, ("chapters", "more", "labs"), strict=True):
        assert f"{IN_WORDS[number].title()} {what}" in read("README.md")


def test_the_notes_have_as_many_statements_as_is_said():
    assert list(STATEMENTS) == list(range(1, 23))
    assert f"into {len(STATEMENTS)} statements" in flat("docs/about-the-notes.md")
    assert "differentiable" in STATEMENTS[12][0]
    assert "begin with the twelfth" in flat("docs/about-the-notes.md")


def test_no_figure_is_committed():
    listed = subprocess.run(
        ["git", "ls-files", "docs", "wi_docs"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pictures = [name for name in listed.stdout.split() if name.endswith((".svg", ".png", ".pdf", ".ipynb"))]
    assert pictures in ([], ["docs/assets/card.png"])


@pytest.mark.parametrize("path", sorted((ROOT / "wi_docs/pages/figures").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_figure_runs_no_network_of_its_own(path):
    assert not re.search(r"\bMLP\(|\.forward\(|\.backward\(", path.read_text(encoding="utf-8"))


def test_what_a_page_imports_is_in_the_reference():
    told = "".join(path.read_text() for path in (ROOT / "docs").glob("reference*.md"))
    for path in (ROOT / "docs").glob("*.md"):
        for module, name in re.findall(r">>> from (wi_docs\.[\w.]+) import (\w+)", path.read_text()):
            wanted = rf"^::: {re.escape(module)}(\.{name})?$"
            assert re.search(wanted, told, re.MULTILINE), (path.name, module, name)


def test_a_mean_is_held_to_four_standard_errors():
    found = claims.mean_of([1.0, 3.0], 2.0, {"far": 50.0})  # whose standard error is 1
    assert (found.low, found.high) == pytest.approx((-2.0, 6.0))
    assert found.reason.startswith("4 standard errors")


def test_universal_words_are_those_of_the_guide():
    assert f"universal word ({_checks.WORDS.replace('|', ', ')})" in flat("docs/contributing.md")


def test_the_example_of_a_scheme_is_the_code():
    block = re.search(r"@scheme\((?:(?!@scheme).)*?def he_normal\(", inspect.getsource(initializers), re.DOTALL)
    assert block[0] in read("docs/contributing.md")


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["dynamic"]
    assert "version:" not in read("CITATION.cff").replace("cff-version", "")


def test_the_first_mention_of_a_term_is_a_link_and_later_ones_are_words():
    root = ET.fromstring(
        "<div><h2><abbr title='t'>gain</abbr></h2>"
        "<p>a <abbr title='t'>gain</abbr> and a <abbr title='t'>gain</abbr>, <abbr title='u'>bias</abbr></p></div>"
    )
    pages._Terms().run(root)
    assert [link.text for link in root.iter("a")] == ["gain", "bias"]
    assert root.find("p/a").tail == " and a gain, "
    assert root.find("h2/a") is None


def test_each_block_with_prompts_has_run(site):
    for page in site.rglob("index.html"):
        for tag in re.findall(r'<div class="language-pycon highlight"[^>]*>', page.read_text(encoding="utf-8")):
            assert "data-wi-snippet" in tag, page


def test_pages_with_run_all_are_those_that_are_pressed(site):
    with_it = {page for page in PAGES if "data-wi-run-all" in (site / page / "index.html").read_text(encoding="utf-8")}
    assert with_it == set(runnable())


def test_help_says_that_code_is_run(capsys):
    with pytest.raises(SystemExit):
        main(["diagnose", "--help"])
    assert "is imported and run" in " ".join(capsys.readouterr().out.split())


def test_the_first_rows_of_the_trials_hold_no_start_that_fails():
    record = frameworks.load("diagnosis_trials")
    assert all(one["trains"] is True for name in ("models", "reported") for one in record[name].values())


def test_actions_are_named_by_digest_and_one_job_publishes():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), (path.name, used)
    site = read(".github/workflows/site.yml")
    publish = site[site.index("\n  publish:") :]
    assert "needs: [test, torch, scripts]" in publish
    assert "run:" not in publish
    assert site.count("pages: write") == publish.count("pages: write") == 1
    assert "WI_DOCS_REQUIRE_BROWSER=1 WI_DOCS_REQUIRE_RUNTIME=1" in read(".ci/run")
    weekly = re.findall("run: (.*)", read(".github/workflows/weekly.yml"))
    assert {"make vary VARY=--all", "make faults", "make mutants"} <= set(weekly)
