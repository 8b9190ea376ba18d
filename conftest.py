"""Every `>>>` of the chapters, the README and the docstrings is a test: writing it is all it takes."""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from sybil import Document, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown import CodeBlockParser
from sybil.parsers.rest import DocTestParser

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is imported: the tests' processes share the cores already


def pytest_configure() -> None:
    """Let the tests take experiments from the folder of the build, so that what it has run need not run again."""
    from scripts.store import EXPERIMENTS, version
    from wi_docs.experiments import disk_cache

    if "MUTANT_UNDER_TEST" not in os.environ:  # mutants share one file, by whose content experiments are kept
        # An experiment that the build has run is found by the digest of its sources, and runs again if these have
        # changed.
        disk_cache.keep_in(EXPERIMENTS, version)


@pytest.hookimpl(optionalhook=True)  # xdist may be switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler that gives each test to the next free process, and the examples of a document to one.

    An example may use the names of those above it. (The groups of `--dist=loadgroup` are lost with pytest 9.2: xdist
    3.8 writes them to an attribute of the items that is not read anymore.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            document, _, example = nodeid.partition("::")
            return document if example.startswith("line:") else nodeid

    return Scheduling(config, log)


class PyconParser:
    """The `>>>` examples in Markdown fences marked `pycon`; sybil's own parser reads those marked `python` only."""

    def __init__(self) -> None:
        self.fences = CodeBlockParser("pycon", evaluator=lambda example: None)
        self.examples = DocTestStringParser()

    def __call__(self, document: Document) -> Iterable[Region]:
        """Yield one region an example, placed where it stands in the document."""
        for fence in self.fences(document):
            for example in self.examples(fence.parsed, document.path):
                example.adjust(fence, fence.parsed)
                yield example


pytest_collect_file = (
    Sybil(parsers=[PyconParser()], patterns=["README.md", "docs/*.md", "docs/**/*.md"])
    + Sybil(
        parsers=[DocTestParser()],
        patterns=[
            "wi_docs/*.py",
            "wi_docs/*/*.py",
            "wi_docs/*/*/*.py",
            "scripts/*.py",
            "scripts/maintain/update_outputs.py",
        ],
        document_types={".py": PythonDocStringDocument},
    )
).pytest()
