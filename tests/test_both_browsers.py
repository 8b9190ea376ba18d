"""What has to hold in Chromium and in Firefox, which lay out mathematics and code by programs of their own."""

import pytest

from tests.pages import PAGES

# For each root: what it stands over, and the first of what follows it on its line, a leaf of the formula or the text
# after it.
ROOTS = """
await document.fonts.ready
const box = node => {
  const range = document.createRange()
  range.selectNodeContents(node)
  return range.getClientRects()
}
return [...document.querySelectorAll("msqrt")].filter(root => root.getClientRects().length).flatMap(root => {
  const under = root.lastElementChild.getBoundingClientRect(), math = root.closest("math")
  const blocks = "p, li, td, th, dd, dt, figcaption, h1, h2, h3, summary, .wi-math-block"
  const block = math.closest(blocks) ?? math.parentElement
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    const follows = root.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING
    if (!follows || root.contains(node) || !node.data) continue
    const next = [...box(node)].find(r => r.width && r.top < under.bottom - 2 && r.bottom > under.top + 2)
    if (!next) return []
    const size = parseFloat(getComputedStyle(root).fontSize)
    const bare = !root.nextElementSibling?.matches("mspace")
      && (!math.contains(node) || node.parentElement.matches("mi, mn, [lspace='0']"))
    const text = `${math.textContent} ${node.data.slice(0, 30)}`
    return [{ text, gap: (next.left - under.right) / size, bare }]
  }
  return []
})
"""

# Code that is wider than its place, and code that the button which copies it lies on.
CODE = """
for (const details of document.querySelectorAll("details")) details.open = true
for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame)
await document.fonts.ready
const cut = [], covered = []
for (const code of document.querySelectorAll("pre > code")) {
  const over = code.scrollWidth - code.clientWidth
  const longest = () => code.innerText.split("\\n").reduce((a, b) => a.length >= b.length ? a : b)
  if (over > 0) cut.push(`${over} px: ${longest()}`)
  const button = code.parentElement.querySelector(".md-code__nav")?.getBoundingClientRect()
  const range = document.createRange()
  range.selectNodeContents(code)
  if (button && [...range.getClientRects()].some(r => r.width > 1
    && r.right > button.left && r.left < button.right
    && r.bottom > button.top && r.top < button.bottom)) covered.push(code.innerText.slice(0, 60))
}
return { cut, covered }
"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_what_follows_a_root_stands_beside_it_and_no_line_of_code_is_cut_off(either, address, page, width):
    """On a wide screen what follows a root is not on it, and not far from it: under a fifth of the letters' size, where
    no space belongs there. Code, and what it prints, fits or wraps. On a phone the button that copies code lies beside
    it.
    """
    either.show(address + page, width, 900)
    either.run("for (const folded of document.querySelectorAll('.wi-claims')) folded.open = true")
    if width == 1280 and page != "reference/":
        roots = either.run(ROOTS)
        assert [root for root in roots if root["gap"] < -0.06] == []
        assert [root for root in roots if root["bare"] and root["gap"] > 0.2] == []
    found = either.run(CODE)
    assert found["cut"] == []
    if width == 390:
        assert found["covered"] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_verdict_and_what_helps_are_in_sight_under_the_button(either, address, width, height):
    either.show(address + "diagnose/", width, height)
    either.run(
        """
        window.seen = []
        const form = document.querySelector(".wi-form")
        const [button, result] = form.querySelectorAll("button, .wi-form__result")
        const note = () => seen.push([button.textContent, button.getAttribute("aria-busy"), result.innerText,
          result.querySelector("progress").hidden || result.querySelector("progress").value])
        const all = { subtree: true, childList: true, attributes: true, characterData: true }
        new MutationObserver(note).observe(form, all)
        button.scrollIntoView({ block: "end", behavior: "instant" })
        button.click()
        """
    )
    found = either.run(
        """
        const result = document.querySelector(".wi-form__result")
        const wait = () => new Promise(done => setTimeout(done, 200))
        while (!["ok", "differs", "error"].includes(result.dataset.wiState)) await wait()
        await wait()
        const boxes = [...result.querySelectorAll("[role=status] p")].map(line => line.getBoundingClientRect())
        const seen = boxes.every(box => [box.top + 2, box.bottom - 2].every(y =>
          result.contains(document.elementFromPoint(box.left + 5, y))))
        return { seen, lines: result.innerText.split(/\\n+/), bottom: boxes.at(-1).bottom, top: boxes[0].top,
          under: boxes[0].top - document.querySelector(".wi-form button").getBoundingClientRect().bottom,
          page: document.body.innerText }
        """
    )
    assert found["seen"]
    assert 0 < found["under"] < 40
    assert 0 < found["top"] < found["bottom"] <= height
    verdict, change, outcome = found["lines"]
    assert verdict.startswith("Bad: vanishing gradient. The gradient shrinks to ")
    assert change.startswith("What helps most: he_normal")
    assert outcome.startswith("Then: Good. ")
    assert "Not yet" not in found["page"]
    while_busy = [one for one in either.run("return seen") if one[1] == "true"]
    assert {one[0] for one in while_busy} == {"Diagnosing …"}
    assert any(" of 9." in one[2] and 0 < one[3] < 1 for one in while_busy)
    assert "Running …" in {one[2].strip() for one in while_busy}
    assert either.run("return document.querySelector('.wi-form button').textContent") == "Diagnose"
