"""What the home page, the page Install and an address that is shared promise, and what is made for other programs."""

import json
import re
import subprocess
import sys
import zipfile
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

import pytest

from scripts import coverage, store, wheel
from tests.pages import PAGES, ROOT, build, show

HERE = "https://example.org/init/"
LABS = [job.name for job in store.jobs(["labs"])]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The site as it is built where its address is known."""
    folder = tmp_path_factory.mktemp("published") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_URL", HERE)
        done = build(ROOT, "--site-dir", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def head(page):
    """Return the tags of a page's head, by name or property, with its title and its links."""
    text = page.read_text(encoding="utf-8")
    tags = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text))
    tags["title"] = re.search(r"<title>(.*?)</title>", text)[1]
    tags |= dict(re.findall(r'<link rel="(\w+)" (?:type="[^"]*" )?href="([^"]*)"', text))
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    return tags | {"about": json.loads(found[1]) if found else None}


# Home


def test_nothing_on_the_home_page_is_held_by_nothing():
    open_ones = [one.words for one in coverage.pages()["index"] if one.kind == "open"]
    assert not open_ones


def test_home_has_three_doors_a_claim_a_living_figure_and_a_snippet_that_fits(site):
    text = (site / "index.html").read_text()
    doors = re.search(r'<div class="wi-doors">(.*?)</div>', text, re.DOTALL)[1]
    assert re.findall(r'href="([^"]*)"', doors) == [
        "weight-initialization/", "ways-to-initialize-weights/#in-a-hurry", "diagnose/",
    ]  # fmt: skip
    assert 'data-wi-explorer="one_number"' in text
    assert 'popovertarget="claim-a_factor_leaves_the_direction"' in text
    assert text.index("data-wi-explorer") < text.index("data-wi-run-all") < text.index('data-wi-snippet=""')


def test_home_says_how_long_every_chapter_takes(site):
    text = (site / "index.html").read_text()
    nav = (ROOT / "mkdocs.yml").read_text().partition("Chapters:")[2].partition("questions.md")[0]
    chapters = re.findall(r"- ([\w-]+)\.md", nav)
    assert len(chapters) == 10
    for chapter in chapters:
        said = re.search(rf'<a href="{chapter}/"><strong>[^<]*</strong></a>, (\d+) minutes', text)
        words = len((ROOT / "docs" / f"{chapter}.md").read_text().split())
        assert abs(int(said[1]) - words / 150) <= 5, chapter


def test_a_chapter_has_one_number_in_the_navigation_and_on_its_page(site):
    text = (site / "index.html").read_text()
    numbers = dict(re.findall(r'<a href="([\w-]+)/"[^>]*>\s*<span class="wi-name">(\d+)&ensp;', text))
    assert list(numbers.values()) == [str(number) for number in range(1, 11)]
    for page in site.glob("*/index.html"):
        found = re.search(r"counter-reset: chapter (\d+)", page.read_text())
        assert (found and found[1]) == numbers.get(page.parent.name), page


def test_site_first_chapter_and_home_have_three_names(site):
    names = [head(site / page / "index.html")["title"] for page in ("", "weight-initialization")]
    assert names == ["Initializing Neural Networks", "Weight Initialization - Initializing Neural Networks"]


def test_the_slider_on_home_says_what_the_snippet_prints(browser, address):
    show(browser, address, 1280)
    figure = "document.querySelector('#figure-one-number.wi-live')"
    script = "const done = arguments[0], look = () => {} ? done({}) : setTimeout(look, 20); look()"
    browser.execute_async_script(script.replace("{}", figure))
    printed = dict(
        re.findall(
            r"weights x +([\d.]+): the first layer's gradient is (\S+)",
            browser.execute_script("return document.body.innerText"),
        )
    )
    assert len(printed) == 3
    for factor, size in printed.items():
        said = browser.execute_async_script(
            "const [factor, done] = arguments, f = document.querySelector('#figure-one-number');"
            "const typed = f.querySelector('[data-typed=factor]'); typed.value = factor;"
            "typed.dispatchEvent(new Event('change', { bubbles: true }));"
            "setTimeout(() => done(f.querySelector('.wi-explorer__status').textContent), 700)",
            factor,
        )
        there = re.search(r"to (\S+) in layer 1\b", said)[1]
        digits, _, power = there.partition("·10")
        raised = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or "0"
        assert f"{float(f'{digits}e{raised}'):.0e}" == f"{float(size):.0e}", (factor, said)


# Install


def test_the_wheel_can_be_installed_and_runs(published, tmp_path):
    served = next((published / wheel.PLACE).glob("*.whl"))
    page = (published / "install" / "index.html").read_text()
    assert f"{HERE}{wheel.PLACE}/{served.name}" in re.sub(r"<[^>]*>", "", page)
    metadata = zipfile.ZipFile(served).read(f"{'-'.join(served.name.split('-')[:2])}.dist-info/METADATA").decode()
    assert "Requires-Dist: numpy>=2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path)]
    done = subprocess.run([*pip, str(served)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import wi_docs; print(wi_docs.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.startswith(str(tmp_path)), done.stderr


@pytest.mark.parametrize("page", ["ledger", "diagnose", "which-gain", "reference-diagnosis", "labs"])
def test_where_the_command_line_is_named_a_link_says_how_to_install_it(site, page):
    text = (site / page / "index.html").read_text()
    assert re.search(r'<a href="\.\./install/"', text.partition('<article class="md-content__inner')[2])


@pytest.mark.parametrize("name", LABS)
def test_a_notebook_installs_what_it_needs_and_its_links_lead_to_the_site(published, site, name):
    notebook = json.loads((published / "labs" / f"{name}.ipynb").read_text())
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    served = next((published / wheel.PLACE).glob("*.whl")).name
    assert code[0] == f"%pip install --quiet {HERE}{wheel.PLACE}/{served} matplotlib"
    words = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^)]*)\)", words)
    assert links
    for link in links:
        place, _, anchor = link.removeprefix(HERE).partition("#")
        assert link.startswith(HERE), link
        assert not anchor or f'id="{anchor}"' in (published / place / "index.html").read_text(), link
    without = json.loads((site / "labs" / f"{name}.ipynb").read_text())
    assert "%pip install" in json.dumps(without), "without an address too"


@pytest.mark.parametrize("name", LABS)
def test_a_lab_of_a_published_site_opens_in_colab(published, site, name):
    page = (published / "labs" / name / "index.html").read_text()
    address = re.search(r'href="https://colab\.research\.google\.com/#fileId=([^"]*)"', page)[1]
    place = unquote(address)
    assert place.startswith(HERE)
    assert "%pip install" in (published / place.removeprefix(HERE)).read_text()
    # Nobody else reads what has no address.
    assert "colab" not in (site / "labs" / name / "index.html").read_text()


# What an address shares


@pytest.mark.parametrize("page", PAGES)
def test_a_shared_address_has_title_words_picture_and_author(published, page):
    tags = head(published / page / "index.html")
    assert tags["canonical"] == tags["og:url"] == HERE + page
    assert tags["og:title"]
    assert tags["og:description"] == tags["description"]
    assert tags["author"] == "The wi_docs authors"
    assert tags["twitter:card"] == "summary_large_image"
    assert tags["og:image"] == HERE + "assets/card.png"
    assert (published / "assets" / "card.png").stat().st_size < 200_000
    about = tags["about"]
    assert about["@type"] == ("TechArticle" if page else "WebSite")
    assert about["author"]["name"] == tags["author"]
    assert about["url"] == HERE + page
    assert about["headline"] == tags["og:title"].replace("&#39;", "'")


def test_without_an_address_nothing_says_one(site):
    for page in site.rglob("*.html"):
        tags = head(page)
        assert not {"canonical", "og:url", "og:image"} & tags.keys(), page
    for file in (*site.rglob("*.html"), site / "robots.txt", site / "llms.txt"):
        assert not re.search(
            r"(127\.0\.0\.1|localhost):8000", re.sub("(?s)<article.*?</article>", "", file.read_text())
        )
    assert not list(site.glob("sitemap*"))
    assert not (site / "feed.xml").exists()
    assert "Sitemap" not in (site / "robots.txt").read_text()


def test_robots_lead_to_the_sitemap_and_the_sitemap_to_every_page(published):
    assert f"Sitemap: {HERE}sitemap.xml" in (published / "robots.txt").read_text()
    assert set(re.findall(r"<loc>(.*?)</loc>", (published / "sitemap.xml").read_text())) == {
        HERE + p for p in (*PAGES, "labs/")
    }


def test_the_feed_has_an_entry_for_each_date_of_the_changelog(published):
    atom = ElementTree.parse(published / "feed.xml").getroot()
    dates = re.findall(r"^### (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    entries = atom.findall("{*}entry")
    assert [entry.find("{*}updated").text for entry in entries] == [f"{day}T00:00:00Z" for day in dates]
    assert dates == sorted(dates, reverse=True)
    assert all(len(entry.find("{*}content").text) > 100 for entry in entries)
    ids = [element.text for element in atom.iter("{http://www.w3.org/2005/Atom}id")]
    assert len(set(ids)) == len(ids) == len(dates) + 1
    assert f'href="{HERE}feed.xml"' in (published / "index.html").read_text()


def test_the_page_for_a_wrong_address_helps(published, browser, address):
    text = (published / "404.html").read_text().partition('<article class="md-content__inner')[2]
    links = re.findall(r'<a href="([^"]*)"', text)
    assert len(links) >= 6
    assert all(link.startswith("/init/") for link in links)
    show(browser, address + "404.html", 390)
    browser.execute_script("const f = document.querySelector('.wi-search'); f.q.value = 'xavier'; f.requestSubmit()")
    script = "const done = arguments[0], look = () => {} ? done(1) : setTimeout(look, 20); look()"
    browser.execute_async_script(script.replace("{}", "document.querySelector('.md-search-result__item')"))


def test_llms_lists_copies_that_are_plain_and_whose_links_lead_somewhere(published):
    listed = re.findall(r"^- \[.+?\]\((\S+)\): \S", (published / "llms.txt").read_text(), re.MULTILINE)
    assert HERE + "index.md" in listed
    assert len(listed) > 20
    for address in listed:
        place = published / address.removeprefix(HERE)
        text = place.read_text()
        if place.suffix == ".json":
            continue
        prose = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text)
        assert not re.search(r"\[\[\w+|(?<![\w.])@[a-z]+\d{4}|^\?\?\?|<figure|markdown=", prose, re.MULTILINE), place
        for link in re.findall(r"\]\(((?!\w+:|#)[^)\s]+)\)", prose):
            path = urljoin(address, link).removeprefix(HERE).partition("#")[0]
            assert (published / path / "index.html" if path.endswith("/") else published / path).is_file(), (
                place,
                link,
            )
