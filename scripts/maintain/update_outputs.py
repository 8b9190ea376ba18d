"""Rewrites the printed outputs of `>>>` blocks after a change: `python -m scripts.maintain.update_outputs [PAGE…]`.

It runs the named pages, or all, as the tests do, and replaces the output of each example by the one that it prints now.
The author reads the difference: an output that changed is a finding until it is explained.
"""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path

from scripts.store import ROOT

FENCE = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class _Recorder(doctest.DocTestRunner):
    """A runner that records the output of each example, by the line where the example begins, and prints nothing."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=doctest.ELLIPSIS)
        self.got: dict[int, str] = {}

    def report_success(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.got[example.lineno] = got

    def report_failure(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self.got[example.lineno] = got

    def report_unexpected_exception(
        self, out: object, test: doctest.DocTest, example: doctest.Example, exc_info: object
    ) -> None:
        raise RuntimeError(f"{test.name}, line {test.lineno or 0 + example.lineno + 1}: {example.source.strip()}")


def updated(text: str, name: str = "page") -> str:
    r"""Return the text of a page with the current outputs of its examples, run in one namespace from top to bottom.

    Raises:
        RuntimeError: for an example that raises an error which its output does not show.

    Examples:
        >>> updated("```pycon\n>>> x = 4\n>>> print(x + 1)\n3\n```\n")
        '```pycon\n>>> x = 4\n>>> print(x + 1)\n5\n```\n'
    """
    names: dict[str, object] = {}

    def renew(match: re.Match[str]) -> str:
        block = match[1]
        examples = doctest.DocTestParser().get_examples(block)
        # The line of the block in the page, for messages.
        line = text.count("\n", 0, match.start(1))
        test = doctest.DocTest(examples, names, name, name, line, block)
        recorder = _Recorder()
        recorder.run(test, out=lambda words: None, clear_globs=False)
        # A DocTest copies the names that it is given. The next block has to see those that this one has defined.
        names.update(test.globs)
        lines = []
        for example in examples:
            lines += _prompted(example.source)
            if example.exc_msg is None:
                got = recorder.got[example.lineno]
                lines += [word or "<BLANKLINE>" for word in got.splitlines()]
            else:  # an error that is meant stays as it is written
                lines += example.want.splitlines()
        return "```pycon\n" + "\n".join(lines) + "\n```"

    return FENCE.sub(renew, text)


def _prompted(source: str) -> list[str]:
    """Return the lines of an example with the prompts in front of them."""
    first, *rest = source.rstrip("\n").split("\n")
    return [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]


def main(names: list[str]) -> int:
    """Rewrite pages in place, and print the names of those that have changed."""
    pages = [Path(name).resolve() for name in names] or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        new = updated(text, page.name)
        if new != text:
            page.write_text(new, encoding="utf-8")
            print(f"{page.relative_to(ROOT)}: changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
