"""What has to hold in Chromium and in Firefox, which lay out mathematics and code by programs of their own."""

import re

import pytest

from tests.pages import PAGES

# For each root: what it stands over, and the first of what follows it on its line, a leaf of the formula or the text after it.
ROOTS = """
await document.fonts.ready
const box = node => { const range = document.createRange(); range.selectNodeContents(node); return range.getClientRects() }
return [...document.querySelectorAll("msqrt")].filter(root => root.getClientRects().length).flatMap(root => {
  const under = root.lastElementChild.getBoundingClientRect(), math = root.closest("math")
  const block = math.closest("p, li, td, th, dd, dt, figcaption, h1, h2, h3, summary, .wi-math-block") ?? math.parentElement
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (!(root.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) || root.contains(node) || !node.data) continue
    const next = [...box(node)].find(r => r.width && r.top < under.bottom - 2 && r.bottom > under.top + 2)
    if (!next) return []
    const size = parseFloat(getComputedStyle(root).fontSize)
    const bare = !root.nextElementSibling?.matches("mspace") && (!math.contains(node) || node.parentElement.matches("mi, mn, [lspace='0']"))
    const text = `${math.textContent} ${node.data.slice(0, 30)}`
    return [{ text, gap: (next.left - under.right) / size, bare }]
  }
  return []
})
"""


@pytest.mark.parametrize("page", [page for page in PAGES if page != "reference/"])
def test_what_follows_a_root_stands_beside_it(either, address, page):
    """Not on it, and not far from it: under a fifth of the letters' size, where no space belongs there."""
    either.show(address + page, 1280, 900)
    roots = either.run(ROOTS)
    assert [root for root in roots if root["gap"] < -0.06] == []
    assert [root for root in roots if root["bare"] and root["gap"] > 0.2] == []
