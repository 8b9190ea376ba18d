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


@pytest.mark.parametrize(
    "sentence",
    [
        "We think that two layers are better than one.",
        "(I would start at half of it.)",
        "For all of them, we believe, it is more.",
        "If it is old, we would look at the largest.",
    ],
)
def test_an_opinion_is_worded_in_the_first_person(sentence):
    (one,) = coverage.sentences(sentence)
    assert one.kind == "opinion"


@pytest.mark.parametrize(
    "sentence",
    [
        "It is larger than we think.",
        "As we would choose it, it is twice as large.",
        "We measured that it is twice as large.",
        "We think that it grows by 3.5 a layer, in all of them.",
        "We believe that 4 % are off in all layers.",
        "One would take twice as many.",
        "We would find that all of them learn.",
    ],
)
def test_a_promise_is_no_opinion(sentence):
    (one,) = coverage.sentences(sentence)
    assert one.kind == "open"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("A *scale* is a factor on all weights.", "defined"),
        ("*Gradient descent* lowers it for each of ten weights.", "defined"),
        ("(3) Both layers have two sizes.", "defined"),
        ("**Signs:** A layer has two sizes.", "defined"),
        ("*Step 4: one number is rarely two.*", "plain"),
        ("**Every direction.**", "plain"),
        ("Take ten layers.", "plain"),
        ("It is a *scale* of ten.", "open"),
        ("*Ten* and more.", "open"),
        ("**Every direction** is kept.", "open"),
        ("Taken together, ten layers learn.", "open"),
        ("The *most* are off: 3 of them.", "open"),
    ],
)
def test_what_defines_or_heads_or_asks_promises_nothing(sentence, kind):
    (one,) = coverage.sentences(sentence)
    assert one.kind == kind


def test_an_opinion_with_a_mark_is_measured():
    (one,) = coverage.sentences("We think that all of them learn.[[claim: learn]]")
    assert one.kind == "measured"


def test_a_question_and_an_assumption_promise_nothing():
    found = coverage.sentences("Does it never learn? It assumes all layers of 10 units. They never learn.")
    assert [one.kind for one in found] == ["plain", "defined", "open"]


TARGET = """# Title

## What holds

Ten of 12 learn.[[claim: learn]] {0}

### Below it

And 14 do not.

## What does not

Ten of 12 learn. All of 16 do.
"""


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Of [12 all](other.md#what-holds) learn.", "linked"),
        ("Of [14 all](other.md#what-holds) do not.", "linked"),
        ("Of [13 all](other.md#what-holds) learn.", "open"),
        ("Of [2 all](other.md#what-holds) learn.", "open"),
        ("Of [12 all](other.md#what-does-not) learn.", "open"),
        ("Of [12 all](other.md#nowhere) learn.", "open"),
        ("Of [12 all](other.md) learn.", "open"),
        ("See [what holds](other.md#what-holds).", "plain"),
        ("All of them [learn](https://example.org/12).", "cited"),
    ],
)
def test_a_link_holds_what_its_section_says(sentence, kind):
    (one,) = coverage.sentences(sentence, page="this", sections=coverage.sections_of("other", TARGET))
    assert one.kind == kind


def test_a_sentence_does_not_hold_itself():
    page = TARGET.format("All of [15 learn](#what-holds).")
    kinds = {
        one.words: one.kind for one in coverage.sentences(page, page="it", sections=coverage.sections_of("it", page))
    }
    assert kinds["All of [15 learn](#what-holds)."] == "open"


def test_a_comment_in_code_is_no_heading():
    page = "## One\n\n```sh\n# no heading\n```\n\nSeven.\n\n## $a$ and `b`\n"
    found = coverage.sections_of("a", page)
    assert list(found) == [("a", "one"), ("a", "a-and-b")]
    assert found["a", "one"].endswith("Seven.")
