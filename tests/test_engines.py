"""What has to hold in Chromium, Firefox and WebKit, which lay out mathematics and code by programs of their own."""

import re

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


# In each figure: the size of its smallest letters, and what its words lie on: other words, lines, and marks. A grid may
# run behind words.
FIGURES = """
await document.fonts.ready
for (const figure of document.querySelectorAll(".wi-figure")) figure.classList.add("wi-still")
for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame)
const probe = document.createElement("i")
probe.style.color = "var(--wi-grid)"
document.body.append(probe)
const grid = getComputedStyle(probe).color
probe.remove()
return [...document.querySelectorAll(".wi-figure svg")].map(svg => {
  const frame = svg.closest(".wi-figure").getBoundingClientRect(), hits = new Set()
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
  const words = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim()).map(text => {
    const box = text.getBoundingClientRect(), size = parseFloat(getComputedStyle(text).fontSize) * scale
    // Letters fill the middle of their line, whose height is the browser's. Words beside an axis stand upright.
    const upright = box.height > box.width && text.textContent.trim().length > 2
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
    const [across, along] = upright ? [size / 3, box.height / 2] : [box.width / 2, size / 3]
    return { text: text.textContent, size, left: x - across, right: x + across, top: y - along, bottom: y + along }
  })
  for (const a of words) {
    if (a.left < frame.left - 8 || a.right > frame.right + 8) hits.add(`${a.text} is outside`)
    for (const b of words)
      if (a !== b && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        hits.add(`${a.text} on ${b.text}`)
  }
  for (const line of svg.querySelectorAll("path, use")) {
    const { fill, stroke, strokeWidth } = getComputedStyle(line)
    if (line.closest("defs, clipPath") || stroke === grid) continue
    if (line.matches("use")) { // a mark of a data point; ticks are smaller, and filled areas larger
      const { left, right, top, bottom, width } = line.getBoundingClientRect()
      for (const word of words)
        if (width > 6 && width < 40 && right > word.left && left < word.right && bottom > word.top && top < word.bottom)
          hits.add(`${word.text} on a mark`)
      continue
    }
    if (fill !== "none" || stroke === "none" || parseFloat(strokeWidth) === 0) continue
    const clip = /#([^")]+)/.exec(line.closest("[clip-path]")?.getAttribute("clip-path") ?? "")
    const seen = clip && svg.querySelector(`[id="${clip[1]}"] path, [id="${clip[1]}"] rect`)?.getBBox()
    const { a, b, c, d, e, f } = line.getScreenCTM()
    for (let at = 0; at <= line.getTotalLength(); at += 1.5) {
      const { x, y } = line.getPointAtLength(at)
      if (seen && (x < seen.x || x > seen.x + seen.width || y < seen.y || y > seen.y + seen.height)) continue
      const [px, py] = [x * a + y * c + e, x * b + y * d + f]
      for (const word of words)
        if (px > word.left && px < word.right && py > word.top && py < word.bottom) hits.add(`${word.text} on a line`)
    }
  }
  return { smallest: Math.min(...words.map(word => word.size)), hits: [...hits] }
})
"""

# Words of the text that lie on words of another place, what is wider than its place without a way to get there,
# formulas whose full stop begins the next line, or whose bracket ends the one before, and how much the page is wider
# than the screen. Scripts of one formula may touch.
LAYOUT = """
const root = document.documentElement
for (const details of document.querySelectorAll("details")) details.open = true
for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame)
await document.fonts.ready
const article = document.querySelector("article"), walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT)
const boxes = [], range = document.createRange()
while (walker.nextNode()) {
  const node = walker.currentNode, parent = node.parentElement
  if (!node.data.trim() || parent.closest("svg, script, style, [popover], .wi-explorer, select, [hidden]")) continue
  const size = parseFloat(getComputedStyle(parent).fontSize), math = parent.closest("math")
  range.selectNodeContents(node)
  for (const { left, right, top, bottom, width } of range.getClientRects()) if (width > 1) {
    const middle = (top + bottom) / 2
    boxes.push({ node, math, left: left + 1, right: right - 1, top: middle - size * .3, bottom: middle + size * .3 })
  }
}
boxes.sort((a, b) => a.top - b.top)
const over = new Set(), cut = new Set()
for (let k = 0; k < boxes.length; k++) for (let j = k + 1; j < boxes.length && boxes[j].top < boxes[k].bottom; j++) {
  const [a, b] = [boxes[k], boxes[j]]
  if (a.node !== b.node && !(a.math && a.math === b.math) && a.left < b.right && b.left < a.right)
    over.add(`${a.node.data.trim().slice(0, 40)} | ${b.node.data.trim().slice(0, 40)}`)
}
for (const block of article.querySelectorAll("*")) {
  if (block.closest("svg, math, .wi-explorer, [popover]") || block.scrollWidth <= block.clientWidth + 1) continue
  const { overflowX, display } = getComputedStyle(block)
  // Tables scroll sideways, and shadows say so.
  if (block.clientWidth && overflowX !== "visible" && display !== "inline" && !block.matches(".md-typeset__scrollwrap"))
    cut.add(`${block.className}: ${block.textContent.trim().slice(0, 40)}`)
}
const torn = [], near = document.createTreeWalker(article, NodeFilter.SHOW_TEXT)
const place = (text, at) => {
  range.setStart(text, at)
  range.setEnd(text, at + 1)
  return range.getBoundingClientRect()
}
for (const formula of article.querySelectorAll("math[display=inline]")) {
  const box = formula.getBoundingClientRect()
  near.currentNode = formula
  const before = near.previousNode()
  near.currentNode = formula
  let after
  do after = near.nextNode(); while (formula.contains(after))
  if (before?.data.endsWith("(") && place(before, before.length - 1).right > box.left + 2
    || /^[.,;:!?)]/.test(after?.data ?? "") && place(after, 0).left < box.right - 2)
    torn.push(`${before?.data.slice(-10)} ${formula.textContent} ${after?.data.slice(0, 20)}`)
}
return { over: [...over], cut: [...cut], torn, wider: root.scrollWidth - root.clientWidth }
"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read(either, address, page, width):
    """Nothing lies on words, nothing is cut, and the labels of figures are as large as they have to be.

    On a wide screen what follows a root is not on it, and not far from it: under a fifth of the letters' size, where
    no space belongs there. Code, and what it prints, fits or wraps. On a phone the button that copies code lies beside
    it.
    """
    either.show(address + page, width, 900)
    assert either.run(LAYOUT) == {"over": [], "cut": [], "torn": [], "wider": 0}
    for figure in either.run(FIGURES):
        assert figure["hits"] == []
        assert figure["smallest"] >= 12
    either.run("for (const folded of document.querySelectorAll('.wi-claims')) folded.open = true")
    if width == 1280 and not re.match("reference[-/]", page):
        roots = either.run(ROOTS)
        assert [root for root in roots if root["gap"] < -0.06] == []
        assert [root for root in roots if root["bare"] and root["gap"] > 0.2] == []
    found = either.run(CODE)
    assert found["cut"] == []
    if width == 390:
        assert found["covered"] == []
