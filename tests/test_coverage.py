"""What holds the sentences of a page, found by reading it."""

import pytest

from scripts import coverage
from wi_docs.pages.claims import _checks

PAGE = """---
description: Not a sentence. Nor this.
---

# A title with 3 words

Every unit is off.[[claim: off]] It is *more* than half
of them. We like it, e.g. here.

```pycon
>>> print("Ten sentences. Or so.")
```

Three are beside the snippet.

No snippet stands here, and $w = 2$ follows. A word is called a term. [@he2015, section 2] has ten more!

- Ten items.
- Two `for 3` of them. See [three](which-gain.md#three).

| a table | 3 |
|---|---|
| 1 | 2 |

!!! note "Three words"
    Four more are in the note. It has no claim:

[[figure: one_number]]

Two steps in between.

Two steps give
$$y$$
and no more.
"""


def test_each_sentence_has_its_kind_and_line():
    found = [(one.kind, one.line, one.words) for one in coverage.sentences(PAGE)]
    assert found == [
        ("measured", 7, "Every unit is off."),
        ("shown", 7, "It is *more* than half of them."),
        ("shown", 7, "We like it, e.g. here."),
        ("shown", 14, "Three are beside the snippet."),
        ("derived", 16, "No snippet stands here, and $w = 2$ follows."),
        ("defined", 16, "A word is called a term."),
        ("cited", 16, "[@he2015, section 2] has ten more!"),
        ("open", 18, "Ten items."),
        ("shown", 19, "Two `for 3` of them."),
        ("shown", 19, "See [three](which-gain.md#three)."),
        ("shown", 26, "Four more are in the note."),
        ("shown", 26, "It has no claim:"),
        ("shown", 30, "Two steps in between."),
        ("shown", 32, "Two steps give $$y$$ and no more."),
    ]


@pytest.mark.parametrize("word", _checks.WORDS.split("|"))
def test_a_sentence_with_a_universal_word_promises_something(word):
    (one,) = coverage.sentences(f"It {word} learns so.")
    assert one.kind == "open"
    (one,) = coverage.sentences(f"It {word}x learns so.")
    assert one.kind == "plain"


def test_the_glossary_defines():
    (one,) = coverage.sentences("<span>Word</span>\n:   One of ten.\n", glossary=True)
    assert (one.kind, one.words) == ("defined", "One of ten.")


def test_every_sentence_of_the_site_is_counted_once():
    pages = coverage.pages()
    counts = [coverage.counted(page) for page in pages.values()]
    assert sum(count.total() for count in counts) == sum(map(len, pages.values()))
    assert {kind for count in counts for kind in count} <= set(coverage.KINDS)
    assert str(sum(map(len, pages.values()))) in coverage.summary()
    assert all(f"]({name}.md)" in coverage.table() for name in pages)
