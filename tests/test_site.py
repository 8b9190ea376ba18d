"""The built site: built strictly once, then read as a folder of files; and what happens to it when something is wrong.

The tests of the pages know nothing of MkDocs. The tests of the build work in a copy of the project.
"""

import csv
import gzip
import hashlib
import html
import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
import time
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from pybtex.database import parse_string

from scripts import check_site, citations, fetch_runtime, formulas, loading, store
from scripts.reading import Reading
from tests.pages import PAGES, ROOT, build
from wi_docs.pages import claims
from wi_docs.pages.figures import LEAST_ALT

FIGURES = [job.name for job in store.jobs(["figures"])]
TABLES = [job.name for job in store.jobs(["tables"])]
LABS = [job.name for job in store.jobs(["labs"])]
MOST_WEIGHT = 180_000  # bytes of a page's first load, compressed as a server sends them


def edit(path, old, new):
    """Replace a text in a file by another, once. The text has to be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def line_of(path, needle):
    """Return the number of the line in which a text begins."""
    return path.read_text()[: path.read_text().index(needle)].count("\n") + 1


# The pages


def test_no_link_leads_nowhere_and_nothing_comes_from_elsewhere(site):
    assert check_site.problems(site, os.environ.get("SITE_URL", "http://127.0.0.1:8000/")) == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_shown_with_words_and_data(site, name):
    pages = [p.read_text() for p in site.rglob("*.html") if f'id="figure-{name.replace("_", "-")}"' in p.read_text()]
    assert len(pages) == 1, f"wi_docs/pages/figures/{name}.py: shown on {len(pages)} pages, has to be on 1"
    figure = re.search(rf'<figure [^>]*id="figure-{name.replace("_", "-")}".*?</figure>', pages[0], re.DOTALL)[0]
    assert re.search(r'<svg [^>]*role="img"', figure)
    label = re.search(r'<svg [^>]*aria-label="([^"]+)"', figure)[1]
    assert len(label) >= LEAST_ALT, (
        f"wi_docs/pages/figures/{name}.py: {len(label)} characters of {LEAST_ALT} in its label"
    )
    assert re.search(r"<text[^>]*>", figure), "text in a figure is text"
    assert "#1b1f24" not in re.sub(r"var\([^)]*\)", "", figure), "a color that does not follow the palette"
    header, *rows = csv.reader((site / "figures" / f"{name}.csv").read_text().splitlines())
    assert {len(row) for row in rows} == {len(header)}
    assert (site / "figures" / f"{name}.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_shown_with_words_and_data(site, name):
    anchor = f'id="table-{name.replace("_", "-")}"'
    pages = [p.read_text() for p in site.rglob("*.html") if anchor in p.read_text()]
    assert len(pages) == 1, f"wi_docs/pages/tables/{name}.py: shown on {len(pages)} pages, has to be on 1"
    table = re.search(rf'<figure class="wi-table" {anchor}.*?</figure>', pages[0], re.DOTALL)[0]
    header, *rows = csv.reader((site / "tables" / f"{name}.csv").read_text().splitlines())
    assert table.count("<tr>") == len(rows) + 1
    assert table.count("<th ") == len(header)


def test_a_term_is_linked_to_the_glossary_once(site):
    linked = 0
    for page in site.rglob("index.html"):
        text = page.read_text()
        assert "<abbr" not in text, page
        terms = re.findall(r'<a class="wi-term" href="[^"]*glossary/#([^"]+)" title="[^"]{20,}"', text)
        twice = {term for term in terms if terms.count(term) > 1}
        assert not twice, f"{page}: linked more than once to the glossary: {twice}"
        assert not re.search(r"<a\b[^>]*>(?:(?!</a>).)*<a\b", text, re.DOTALL), page
        linked += len(terms)
    assert linked, "no page links a term to the glossary"


@pytest.mark.parametrize("name", LABS)
def test_a_lab_is_a_page_like_the_others_and_a_notebook(site, name):
    page = (site / "labs" / name / "index.html").read_text()
    assert "jp-" not in page
    assert "Traceback" not in page
    notebook = json.loads((site / "labs" / f"{name}.ipynb").read_text())
    assert str(ROOT) not in json.dumps(notebook)
    assert f"{name}.ipynb" in page
    assert f"edit/main/docs/labs/{name}.py" in page


def test_pages_are_without_what_costs_time_and_shows_nothing(site):
    bundle = next((site / "assets" / "javascripts").glob("bundle.*.js")).read_text()
    palette = next((site / "assets" / "stylesheets").glob("palette.*.css")).read_text()
    # If Material should mark a change of palette by another name, then it is that name whose rule has to go.
    assert "data-md-color-switching" in bundle
    assert "data-md-color-switching" not in palette
    assert "[data-md-color-scheme=slate]" in palette
    # Names and punctuation in code, empty elements, pieces of one string, paths of names, names that Material watches.
    heavy = (
        '<span class="[nopw]">|<span></span>|<span class="s[12i]">[^<]*</span><span class="s[12i]">|<span title='
        '|class="md-nav__link[^>]*>\\s*<span class="md-ellipsis">'
    )
    found = {match for page in site.rglob("*.html") for match in re.findall(heavy, page.read_text())}
    assert not found
    # A style sheet has what its pages and scripts use of Material's, and not the rest.
    for sheet in re.findall(r"assets/css/[0-9a-f]{8}\.css", (site / "index.html").read_text()):
        styles = (site / sheet).read_text()
        assert ".md-nav" in styles
        assert ".md-dialog--active" in styles  # a class that a script alone sets
        assert ".md-consent" not in styles
        assert ".wi-paper" in styles  # a class of what `make paper` adds
    # The colors of the rest of the code are still there.
    assert '<span class="mi">' in (site / "index.html").read_text()
    assert "content.lazy" in (site / "index.html").read_text()
    assert "content.lazy" in bundle
    # Material makes the element that would tell the browser the color scheme, and puts it nowhere.
    assert 'name:"color-scheme"' in bundle
    assert 'name:"color-scheme"});document.head' not in bundle
    # What its script would set on the root of a page is there from the start.
    for name in ("js", "js-focus-visible"):
        assert f'documentElement.classList.add("{name}")' in bundle
    assert 'className = "js js-focus-visible"' in (site / "index.html").read_text()


WRAP = '<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'


def test_a_page_asks_for_one_style_sheet_and_wraps_its_tables(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        if "md-content" not in text or page.name == "404.html":
            continue
        (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]*)"', text)
        styles = (page.parent / sheet).read_text()
        assert "--wi-paper:" in styles  # ours
        assert ".md-typeset{" in styles  # Material's
        assert "[data-md-color-scheme=slate]" in styles  # its palette
        # Ours come after Material's, since of two rules alike the later one holds.
        assert styles.index(".md-typeset{") < styles.index("--wi-paper:")
        for name in re.findall(r"""url\(["']?([^"')]*)""", styles):
            assert name.startswith(("data:", "#")) or (site / "assets" / "css" / name).is_file(), name
        assert text.count("<table>") == text.count(WRAP + "<table>") == text.count("</table></div></div>")
    (bundle,) = (site / "assets" / "javascripts").glob("bundle.*.js")
    assert "table:not(" not in bundle.read_text()  # Material would wrap them again


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_less_than_180_kilobytes(site, address):
    page = site / address / "index.html"

    class Loads(HTMLParser):
        def __init__(self):
            super().__init__()
            self.files = set()
            self.feed(page.read_text())

        def handle_starttag(self, tag, attrs):
            values = dict(attrs)
            if tag == "script":
                self.files |= {values[name] for name in ("src", "data-src") if name in values}
            if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
                self.files.add(values["href"])

    # What the page's HTML names, and what scripts load at once: fonts, and what tests/test_search.py sees them load of
    # the search before somebody uses it.
    files = {(page.parent / name).resolve() for name in Loads().files} | set(
        (site / "assets" / "fonts").glob("*.woff2")
    )
    files.add(site / "assets" / "js" / "search.js")
    files.add(site / "search" / "search_index.json")
    weight = sum(
        len(f.read_bytes() if f.suffix in (".woff2", ".png") else gzip.compress(f.read_bytes())) for f in files | {page}
    )
    assert weight < MOST_WEIGHT, f"{address}: its first load weighs {weight} bytes, less than {MOST_WEIGHT} allowed"


def test_no_formula_is_left_as_it_was_written(site):
    for page in site.rglob("*.html"):
        words = re.sub(r"<(pre|code|script)\b.*?</\1>", "", page.read_text(), flags=re.DOTALL)
        assert not re.search(r"\\[(\[]|\$\$|\\(sqrt|frac|text|sigma)\b", words), page


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\mathbb E[x]", "braces are missing around E"),
        (r"\mathcal N(0, 1)", "braces are missing around N"),
        ("{x", "braces do not match"),
        ("x_10", "braces are missing after _"),
        ("5 % of x", "starts a comment"),
        (r"\nonsense x", "is not known"),
    ],
)
def test_a_formula_that_a_browser_would_draw_otherwise_is_refused(latex, words):
    with pytest.raises(ValueError, match=words):
        formulas.typeset(latex, block=False)


def test_a_function_stands_apart_from_what_it_is_applied_to():
    for argument in ("n", r"\frac12", r"\sqrt n", "w_1"):
        assert '<mi>ln</mi><mspace width="0.167em" />' in formulas.typeset(rf"\ln {argument}", block=False), argument


def test_brackets_and_punctuation_come_into_the_element_of_their_formula(tmp_path):
    """WebKit breaks a line between a formula and what touches it, unless both are in one element."""
    formula = '<span class="wi-math"><math display="inline"><mi>x</mi></math></span>'
    (tmp_path / "index.html").write_text(f"<p>Of ({formula}), {formula} and {formula}.</p>")
    (tmp_path / "assets" / "fonts").mkdir(parents=True)
    for _ in range(2):  # the second time there is nothing to do
        loading.hasten(tmp_path)
        text = (tmp_path / "index.html").read_text()
        elements = re.findall(r'<span class="wi-math">.*?</span>', text)
        assert [re.sub("<[^>]*>", "", element) for element in elements] == ["(x),", "x", "x."]


def test_the_served_font_has_every_sign_of_every_formula(site):
    font = TTFont(site / "assets" / "fonts" / "stix-two-math.woff2").getBestCmap()
    for page in site.rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text(), flags=re.DOTALL):
            formula = html.unescape(formula)
            signs = set(re.sub(r"<[^>]*>|\s", "", formula))
            # A lone letter is drawn from the italic alphabet.
            italic = {_italic(letter) for letter in re.findall(r"<mi>(\w)</mi>", formula)}
            assert all(ord(sign) in font for sign in signs | italic), formula


def _italic(letter):
    """Return the letter of Unicode's mathematical italic alphabet, in which h is missing: it has a place of its own."""
    if letter == "h":
        return "ℎ"
    of_alphabet = re.fullmatch(r"(?:LATIN|GREEK) (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(letter))
    if of_alphabet is None:  # a symbol, or a letter that has its face already
        return letter
    return unicodedata.lookup(f"MATHEMATICAL ITALIC {of_alphabet[1]} {of_alphabet[2].replace('LAMBDA', 'LAMDA')}")


def test_the_served_fonts_have_what_the_site_writes_and_nothing_else(site):
    pages = [html.unescape(page.read_text()) for page in site.rglob("*.html")]
    code = [path.read_text() for path in (*site.rglob("*.js"), *(ROOT / "wi_docs").rglob("*.py"))]
    written = {*map(chr, range(0x20, 0x7F)), *"".join(pages), *"".join(code)}
    italic = {_italic(letter) for page in pages for letter in re.findall(r"<mi[^>]*>(\w)</mi>", page)}
    for path in (ROOT / "docs" / "assets" / "fonts").glob("*.woff2"):
        whole, served = (
            {chr(code) for code in TTFont(font).getBestCmap()} for font in (path, site / "assets" / "fonts" / path.name)
        )
        if "math" in path.name:
            assert served < whole
            # Italic symbols, whose names have another form.
            assert served - written - italic <= {"𝜙", "𝜖", "𝜕"}
        else:
            assert served == whole & written


def test_every_page_has_a_description_of_its_own(site):
    found = [re.search(r'<meta name="description" content="([^"]+)"', p.read_text()) for p in site.rglob("index.html")]
    descriptions = [match[1] for match in found if match]
    assert len(descriptions) == len(found), f"{len(found) - len(descriptions)} pages have no description"
    twice = {words for words in descriptions if descriptions.count(words) > 1}
    assert not twice, f"several pages have the same description: {twice}"


def test_the_ledger_shows_every_claim(site):
    records = json.loads((site / "claims.json").read_text())
    ids = [record["id"] for record in records]
    assert set(ids) == claims.load().keys()
    assert len(ids) == len(set(ids))
    assert all(record["problem"] is None and record["wrong"] for record in records)
    ledger = (site / "ledger" / "index.html").read_text()
    shown = re.findall(r'<tr data-verdict="\w+" id="(\w+)"', ledger)
    assert sorted(shown) == sorted(ids)
    pages = {record["id"]: record["page"] for record in records}
    assert len([1 for one, other in itertools.pairwise(shown) if pages[one] != pages[other]]) + 1 == len(
        set(pages.values())
    ), "each page has one table"
    assert f"{len(ids)} claims ran" in ledger
    for record in records:
        page = (site / record["page"] / "index.html").read_text()
        assert f'popovertarget="claim-{record["id"]}"' in page
        said = json.loads((site / "claims" / f"{record['id']}.json").read_text())
        assert record["what"]
        lines = dict(re.findall("<dt>([^<]*):</dt> <dd>(.*?)</dd>", said["words"]))
        assert {"Measured", "Accepted", "Wrong statements would give"} <= lines.keys()
        assert record["ran_on"] in lines.get("Ran on", "")
        assert "$" not in said["words"]
        assert (site / said["code"]).is_file()
        source = (site / record["code"].removeprefix("wi_docs/pages/")).read_text().splitlines()
        first = next(line for line in source[record["line"] - 1 :] if line.startswith("def "))
        assert first.startswith(f"def {record['id']}()"), "the line that the page names is the claim's decorator"


def test_the_checker_finds_what_is_broken(tmp_path):
    (tmp_path / "index.html").write_text(
        '<p id="here"></p>\n<a href="nowhere/">1</a>\n<a href="#there">2</a>\n<a href="#here">ok</a>\n'
        '<img src="https://example.org/x.png">\n<a href="https://example.org/">ok</a>\n<a href="sub/">ok</a>\n'
        '<a href="sub/#x">3</a>\n<link rel="canonical" href="https://example.org/">'
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<a href="../index.html#here">ok</a>')
    assert [problem.split(":")[1] for problem in check_site.problems(tmp_path)] == ["5", "2", "3", "8"]


# The build


def test_mistakes_on_pages_fail_the_build_with_file_and_line(project):
    """Every mistake is a warning, and a strict build takes none."""
    docs = project / "docs"
    page = docs / "weight-initialization.md"
    mistakes = {
        "[a](nothing.md)": "nothing.md",
        "[b](vanishing-gradients.md#no-such-heading)": "no-such-heading",
        "Nobody [@nobody1999] said so.": "nobody1999",
        "$\\nosuchcommand x$": "nosuchcommand",
        "$\\frac{1}{2$": "braces do not match",
        "[[figure: no_such_figure]]": "no_such_figure",
        "[[table: no_such_table]]": "no_such_table",
        "$a \\\\ b$": "a line break outside an environment",
        "[[figur: fan]]": "did you mean [[figure: NAME]]",
        "[[Figure: fan]]": "did you mean [[figure: NAME]]",
        "[[table:gains2 x]]": "did you mean [[table: NAME]]",
        "[[exercise]]": "did you mean [[exercises]]",
        "[[ledger-summary]]": "did you mean [[ledger summary]]",
        "A sentence.[[claim tanh_dies_slowly]]": "did you mean [[claim: ID]]",
        "[[figure: fan]] in a line": "none that can stand inside a line",
        "Somebody [@lecun98] said so.": "no entry 'lecun98' in docs/references.bib; did you mean lecun1998?",
        "As @glorot10 say.": "no entry 'glorot10' in docs/references.bib; did you mean glorot2010?",
        "As [@he2015; zhang2019] say.": "'zhang2019' is no citation",
    }
    page.write_text(page.read_text() + "\n\n" + "\n\n".join(mistakes) + "\n")

    # A citation in a claim's source, and in the cell of a table, which stands in no page.
    claim = project / "wi_docs" / "pages" / "claims" / "questions.py"
    table = project / "wi_docs" / "pages" / "tables" / "activations.py"
    edit(claim, 'source="@cho2009"', 'source="@cho09"')
    edit(table, 'one.paper or ""', 'one.paper or "@martens10"')

    # A page without a description, and two pages with the same.
    without, twice, other = (docs / f"{name}.md" for name in ("errata", "questions", "what-your-framework-does"))
    edit(without, described(without) + "\n", "")
    edit(without, "---\n---\n", "")
    edit(twice, described(twice), described(other))

    chapter = docs / "vanishing-gradients.md"
    edit(chapter, "The sigmoid's slope is at most 0.25.[[", "The sigmoid's slope is at most 0.35.[[")
    edit(chapter, "[[claim: the_peak_is_at_zero]]", "")
    chapter.write_text(chapter.read_text() + "\n\nEverything is known.[[claim: everything_is_known]]\n")

    edit(project / "mkdocs.yml", "      - labs/tame-a-recurrence.md\n", "")
    # The result of a lab as it stands, with a bad link in its page: what a run with that link would leave.
    made = store.find(store.Job("labs", "tame-a-recurrence"))
    lab = project / made.relative_to(ROOT) / "tame-a-recurrence.md"
    edit(lab, "#in-recurrent-neural-networks", "#in-no-networks")

    done = build(project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert (project / "site" / "index.html").read_text() == "the last site"
    assert not list(project.glob(".site-*"))
    warnings = re.findall(r"^WARNING -  (.*(?:\n  - .*)*)", said, flags=re.MULTILINE)

    def warned(*words):
        return any(all(word in warning for word in words) for warning in warnings)

    for source, word in mistakes.items():
        where = "" if source.startswith(("[a]", "[b]")) else f"docs/weight-initialization.md:{line_of(page, source)}: "
        assert warned(word, where), word
    before = claim.read_text().partition("def they_are_off_because_inputs_are_alike")[0]
    line = before[: before.rindex("@claim(")].count("\n") + 1
    assert warned(
        f"wi_docs/pages/claims/questions.py:{line}: no entry 'cho09' in docs/references.bib; did you mean cho2009?"
    )
    assert warned(f"wi_docs/pages/tables/activations.py:{line_of(table, '@martens10')}: no entry 'martens10' in")
    wants = "the page wants a description of its own"
    assert warned(f"docs/errata.md:1: {wants}")
    assert warned(f"docs/questions.md:1: {wants}") or warned(f"docs/what-your-framework-does.md:1: {wants}")
    for mark, word in (
        ("[[claim: slope_is_at_most_a_quarter]]", 'says "The sigmoid\'s slope is at most 0.25."'),
        ("[[claim: everything_is_known]]", "no claim is called 'everything_is_known'"),
    ):
        assert warned(f"docs/vanishing-gradients.md:{line_of(chapter, mark)}: ", word)
    assert warned("the claim the_peak_is_at_zero is not marked on docs/vanishing-gradients.md")
    assert warned("not included in the", "labs/tame-a-recurrence.md")
    assert warned("#in-no-networks")


def described(page):
    """The line or lines of a page's front matter that describe it."""
    return re.search(r"(?m)^description: (>-(\n  .*)+|.*)$", page.read_text())[0]


def test_what_fails_while_it_is_made_fails_the_build_by_name_and_the_others_still_run(project):
    """And leaves the last site, and in the store what was made before."""
    figures, labs = project / "wi_docs" / "pages" / "figures", project / "docs" / "labs"
    claims_of_page = project / "wi_docs" / "pages" / "claims" / "errata.py"
    edits = [
        (figures / "edge.py", "    return Picture(", "    return fig\n    return Picture("),
        (figures / "sigmoid_and_tanh.py", "    x = np.linspace", "    1 / 0\n    x = np.linspace"),
        (labs / "tame-a-recurrence.py", "import numpy as np\n", "import numpy as np\n\n1 / 0\n"),
        (labs / "break-the-symmetry.py", (labs / "break-the-symmetry.py").read_text().partition("# %%\n")[0], ""),
        (
            claims_of_page,
            "return mean_of(variances(1024), 1024 * (2 / 1024)",
            "return mean_of(variances(1024), 1024 * (3 / 1024)",
        ),
        (
            claims_of_page,
            "    found = np.mean([initializers.glorot_normal",
            "    1 / 0\n    found = np.mean([initializers.glorot_normal",
        ),
    ]
    before = {path: path.read_text() for path, _, _ in edits}
    for path, old, new in edits:
        edit(path, old, new)
    done = build(project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert (project / "site" / "index.html").read_text() == "the last site"
    failed = re.findall(r"^failed: (\S+): ", said, flags=re.MULTILINE)
    assert sorted(failed) == sorted(str(path.relative_to(project)) for path, _, _ in edits)
    assert "wi_docs/pages/figures/edge.py: draw() has to return a Picture, with words and data, got Figure" in said
    assert "docs/labs/break-the-symmetry.py: the first cell has to be Markdown" in said
    line = line_of(project / "docs" / "errata.md", "[[claim: two_over_n_is_of_weights]]")
    assert re.search(rf"docs/errata.md:{line}: two_over_n_is_of_weights: measured \S+, expected 3, accepted", said)
    assert "one_over_root_n_is_not_glorot: it raised ZeroDivisionError" in said
    for name in ("wi_docs/pages/figures/sigmoid_and_tanh.py", "docs/labs/tame-a-recurrence.py"):
        assert re.search(rf"^failed: {name}: (.*\n(?!failed: ))*.*ZeroDivisionError", said, flags=re.MULTILINE)
    for path, text in before.items():
        path.write_text(text)
    done = build(project)
    assert done.returncode == 0
    assert " made in " not in done.stdout, "the earlier results are still in the store"


def test_what_looks_like_a_directive_in_code_is_code(site):
    """The page that tells how to write them prints them."""
    text = (site / "contributing" / "index.html").read_text()
    assert "<code>[[figure: name]]</code>" in text


def test_a_paper_that_is_on_arxiv_has_a_link(site):
    """It is that of arXiv, where the paper has no DOI and no other address."""
    listed = (site / "references" / "index.html").read_text(encoding="utf-8")
    for key, entry in citations.bibliography().items():
        assert ("eprint" in entry.fields) <= bool(re.search(rf'id="{key}">[^<]*<a href="https://', listed)), key


def test_papers_of_the_same_authors_and_year_have_letters(site):
    for page, last in (("weight-initialization", ")</a>"), ("references", "). ")):
        text = (site / page / "index.html").read_text(encoding="utf-8")
        assert set(re.findall(r"\(1986(\w)" + re.escape(last), text)) == {"a", "b"}, page


def test_a_citation_has_the_title_of_its_paper_and_the_site_has_all_as_bibtex(site):
    served = parse_string((site / "references.bib").read_text(encoding="utf-8"), "bibtex").entries
    titles = {key: re.sub("[{}]", "", entry.fields["title"]).replace("--", "–") for key, entry in served.items()}
    listed = (site / "references" / "index.html").read_text(encoding="utf-8")
    assert 'href="../references.bib"' in listed
    assert set(re.findall(r'<p class="wi-reference" id="([\w-]+)"', listed)) == set(titles)
    cited = 0
    for page in site.rglob("index.html"):
        for tag in re.findall(r"<a [^>]*wi-cite[^>]*>", page.read_text(encoding="utf-8")):
            key, title = re.search(r'references/#([\w-]+)"', tag)[1], re.search(r'title="([^"]*)"', tag)[1]
            assert html.unescape(title) == titles[key], page
            cited += 1
    assert cited > 100


def test_what_a_table_shows_is_found_in_the_module_that_it_reads(site):
    """A citation stands in the entry of a scheme, and not in the table of schemes."""
    page = Reading(ROOT / "docs" / "ways-to-initialize-weights.md")
    page.show(store.Job("tables", "schemes"))
    needle = 'paper="@martens2010"'
    assert page.where(needle) == f"wi_docs/nn/initializers.py:{line_of(ROOT / 'wi_docs/nn/initializers.py', needle)}"


def test_a_build_that_is_killed_leaves_the_last_site(project):
    """It is killed as soon as it has written a page, and once more near its end. The next one replaces the site."""
    for pages in (1, 20):
        building = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
            cwd=project,
            env={"WI_DOCS_RUNTIME": str(fetch_runtime.RUNTIME), **os.environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while building.poll() is None and len(list(project.glob(".site-*/**/index.html"))) < pages:
            time.sleep(0.005)
        assert building.poll() is None, "it ended before it could be killed"
        building.kill()
        building.wait()
        assert [path.name for path in (project / "site").iterdir()] == ["index.html"]
        assert (project / "site" / "index.html").read_text() == "the last site"
    left = list(project.glob(".site-*"))
    assert len(left) == 2
    for folder in left:
        # As if they had been left long ago: fresh ones may belong to a build that runs.
        os.utime(folder, (0, 0))
    assert build(project).returncode == 0
    assert len(list((project / "site").rglob("index.html"))) > 20
    assert not list(project.glob(".site-*")), "what killed builds have left is swept away"


def stale(project):
    """What would be made, asked of the copy's own store."""
    code = "from scripts import store; print(*(j for j in store.jobs() if store.find(j) is None))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_change_makes_stale_what_depends_on_it_and_nothing_else(project):
    assert stale(project) == set()
    (project / "docs" / "index.md").write_text("# Something else\n")
    assert stale(project) == set()
    edit(project / "wi_docs" / "experiments" / "pretraining.py", "cure of 2006", "cure of 2007")
    cured = (
        "larger_weights_do_as_much",
        "pretraining_finds_larger_weights",
        "pretraining_revives_depth_five",
        "shuffled_weights_still_learn",
    )
    assert stale(project) == {"figures/pretraining", *(f"claims/vanishing_gradients.{name}" for name in cured)}
    edit(project / "wi_docs" / "nn" / "activations.py", "return x / (1.0 + np.abs(x))", "return x / (1.01 + np.abs(x))")
    # Products of random matrices use no activation, and one table measures schemes, two read what frameworks did.
    independent = {"figures/products", "figures/fan"}
    independent |= {
        "tables/schemes",
        "tables/frameworks",
        "tables/diagnosed",
        "tables/diagnosis_trials",
        "tables/notes",
    }
    pictures = {str(job) for job in store.jobs() if job.kind != "claims"}
    assert {job for job in stale(project) if not job.startswith("claims/")} == pictures - independent
    assert "claims/weight_initialization.four_pixels_never_change" not in stale(project)
    (project / "wi_docs" / "data" / "digits.csv.gz").write_bytes(b"")
    assert "claims/weight_initialization.four_pixels_never_change" in stale(project)
    assert "claims/exploding_gradients.where_floats_end" not in stale(project)
    assert "tables/frameworks" not in stale(project)
    (project / "wi_docs" / "data" / "frameworks.json").write_text("{}")
    assert "tables/frameworks" in stale(project)


OVERRIDDEN = {  # by a file of ours: the SHA-256 of theirs when ours was written
    "material/templates/partials/search.html": "bfd556535abcddb99396ab2a7e3acc2ebcd3f36756007d3969396caa4126be30",
    "material/templates/partials/nav-item.html": "89895208f22d68ce405a4bcb6649b9150eba5bbb04663a6cb3f93f02daf1d2f7",
    "material/templates/partials/toc-item.html": "418f31ce2e6d559934f610084a5c8493f9618b96268909601552ac48aa0c15c2",
    "mkdocstrings_handlers/python/templates/material/_base/docstring/examples.html.jinja": (
        "0b19044396d384ebf48eafb3a64cfb64f32e1e885dfba0c4a68aff3a3afbb7ee"
    ),
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_a_template_that_we_override_is_as_it_was(name):
    package, _, path = name.partition("/")
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    digest = hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()
    assert digest == OVERRIDDEN[name], (
        f"{name} has changed. See how, do the same in our file of this name in docs/theme or scripts/templates, "
        "look at a page, and write the new digest here"
    )


def test_landmarks_are_few_and_the_search_has_a_name(site):
    """A screen reader lists landmarks: the menu of pages is one, and not one for each of its sections."""
    for page in set(site.rglob("*.html")) - {site / "assets" / "js" / "run" / "room.html"}:
        text = page.read_text()
        assert re.search(r'role="dialog" aria-label="Search"', text), page
        assert text.count("<nav") == text.count("</nav>") <= 6, page
        assert not re.search(r'<nav class="md-nav"', text), page
        sheets = re.findall(r'<link rel="stylesheet" href="([^/][^"]*)"', text)  # 404.html names its own from the root
        for_reference = any(".doc-contents" in (page.parent / sheet).read_text() for sheet in sheets)
        assert for_reference == bool(re.match("reference(-|$)", page.parent.name)), page


def test_figures_are_the_same_at_every_run(tmp_path):
    code = (
        "from wi_docs.pages.figures.sigmoid_and_tanh import draw; import sys; "
        "sys.stdout.reconfigure(encoding='utf-8'); print(draw().svg('x'))"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout for _ in range(2)
    )
    assert first == second
