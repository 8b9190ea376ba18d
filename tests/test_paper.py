"""The chapters on paper: what is printed, from the built site, and the links to it."""

import re
import shutil
import zipfile
from xml.etree import ElementTree

import pytest

from scripts import paper
from tests.conftest import CHROMIUM

PLACES = ["weight-initialization", "vanishing-gradients"]


@pytest.fixture(scope="module")
def printed(site):
    chapters = [paper.read(site, place, set(PLACES), "https://example.org/") for place in PLACES]
    return paper.document(site, chapters, first=1, name="Title", address="https://example.org/")


def test_a_hint_and_a_solution_stand_behind_the_chapter_with_the_name_of_the_exercise(printed):
    assert "<details" not in printed
    for article in re.findall(r"<article.*?</article>", printed, re.DOTALL):
        exercises = re.findall(r'<h3 id="[\w-]+--exercise-[^"]*">(.*?)<a', article)
        assert exercises
        for kind in ("Hints", "Solutions"):
            behind = article.partition(f'<h2 class="unnumbered">{kind}</h2>')[2].partition("<h2")[0]
            # Before those of the exercises in Python stand those of the questions for paper.
            assert re.findall(r"<p><strong>(.*?)\.</strong></p>", behind)[-len(exercises) :] == exercises, kind


def test_links_lead_within_the_paper_or_to_the_site_and_no_anchor_is_there_twice(printed):
    ids = re.findall(r'\bid="([^"]*)"', re.sub(r"(?s)<svg.*?</svg>", "", printed))
    assert len(ids) == len(set(ids))
    links = re.findall(r'<a\b[^>]* href="([^"]*)"', printed)
    inside = [link.removeprefix("#") for link in links if link.startswith("#")]
    assert set(inside) <= set(ids)
    assert any(link.startswith("vanishing-gradients--") for link in inside)
    assert all(link.startswith(("https://", "#")) for link in links)


def test_the_references_are_those_that_are_cited(printed):
    cited = set(re.findall(r'href="#references--([\w-]+)"', printed))
    assert cited == set(re.findall(r'id="references--([\w-]+)"', printed)) != set()


def test_a_chapter_has_one_number_on_its_page_and_on_paper(site):

    def styles(page):
        return (site / "assets" / "css" / re.search(r'href="[./]*assets/css/(\w+\.css)"', page)[1]).read_text()

    home = (site / "index.html").read_text()
    for number, place in enumerate(paper.places_of(home), 1):
        page = (site / place / "index.html").read_text()
        assert f"<style>body {{ counter-reset: chapter {number} }}</style>" in page
        assert "counter-increment: formula" in styles(page)
    for page in ((site / "questions" / "index.html").read_text(), home):
        assert "counter-increment: formula" not in styles(page)


def test_pictures_have_their_ticks_marks_and_frames(printed):
    pictures = re.findall(r"<svg.*?</svg>", printed, re.DOTALL)
    assert pictures
    for picture in pictures:
        named = set(re.findall(r'(?:xlink:href="|url\()#([^")]*)', picture))
        assert named <= set(re.findall(r'\bid="([^"]*)"', picture))
    assert any("<use " in picture for picture in pictures)


@pytest.mark.slow
def test_chromium_prints_them_and_the_pages_lead_there(site, tmp_path):
    assert CHROMIUM
    copy = tmp_path / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("runtime"))
    *made, book = paper.make(copy)
    assert len(made) == 11
    for file in made:
        content = file.read_bytes()
        assert content.startswith(b"%PDF-")
        assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page/") >= 3, file
        page = copy / ("" if file.stem == paper.WHOLE else file.stem) / "index.html"
        links = re.search(r'<p class="wi-paper">(.*?)</p>', page.read_text())[1]
        addresses = re.findall(r'href="([^"]*)"', links)
        assert file.resolve() in [(page.parent / address).resolve() for address in addresses]
        assert (book.name in links) == (file.stem == paper.WHOLE)
    assert not list((copy / "paper").glob("*.html"))
    read_as_a_book(book, len(paper.places_of((copy / "index.html").read_text())))


def read_as_a_book(file, chapters):
    """Fail if an EPUB is not what an e-reader opens: well-formed files, all of them named, and links that lead to an
    anchor. epubcheck says more, and is not at hand everywhere.
    """
    book = zipfile.ZipFile(file)
    names = book.namelist()
    assert names[0] == "mimetype"
    assert book.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
    parsed = {name: ElementTree.fromstring(book.read(name)) for name in names if name.endswith(("xml", "html", "opf"))}
    package = parsed["book/package.opf"]
    listed = [item.get("href") for item in package.iter("{http://www.idpf.org/2007/opf}item")]
    assert sorted(f"book/{name}" for name in listed) == sorted(set(names[2:]) - {"book/package.opf"})
    parts = {name: root for name, root in parsed.items() if name.startswith("book/part-")}
    assert len(parts) == chapters + 1
    ids = {name: {element.get("id") for element in root.iter()} for name, root in parsed.items()}
    for name, root in parsed.items():
        links = [element.get("href") for element in root.iter("{http://www.w3.org/1999/xhtml}a")]
        for place, _, anchor in (link.partition("#") for link in links if link and ":" not in link):
            assert f"book/{place}" in parsed, (name, place)
            assert not anchor or anchor in ids[f"book/{place}"], (name, anchor)
    for kind, least in (("{http://www.w3.org/1998/Math/MathML}math", 500), ("{http://www.w3.org/2000/svg}svg", 20)):
        assert sum(1 for root in parts.values() for _ in root.iter(kind)) >= least, kind
