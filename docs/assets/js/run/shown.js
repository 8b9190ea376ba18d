// What code shows is data. Pictures and markup are drawn in frames that run no script and load nothing, and that hold
// only the elements below; of HTML the words and their structure, without styles.

const MOST_CHARACTERS = 1_000_000, MOST_ELEMENTS = 3000, MOST_DEPTH = 60
const HTML = "http://www.w3.org/1999/xhtml", SVG = "http://www.w3.org/2000/svg"
/** @type {Record<string, Set<string>>} */
const ELEMENTS = {
  [HTML]: words("a abbr b blockquote br caption code dd div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i li ol"
    + " p pre s samp small span strong sub sup table tbody td tfoot th thead tr u ul"),
  [SVG]: words("circle clipPath defs desc ellipse g line linearGradient path polygon polyline radialGradient rect stop"
    + " svg text title tspan use"),
}
/** @type {Record<string, Set<string>>} */
const ATTRIBUTES = {
  [HTML]: words("colspan rowspan scope title lang"),
  [SVG]: words("aria-label class clip-path clip-rule cx cy d dx dy fill fill-opacity fill-rule font-family font-size"
    + " font-style font-weight gradientTransform gradientUnits height id offset opacity points preserveAspectRatio r"
    + " role rx ry stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin"
    + " stroke-miterlimit stroke-opacity stroke-width style text-anchor transform viewBox width x x1 x2 xml:space y y1"
    + " y2"),
}
// Attributes that hold CSS, and what no picture needs there: escapes, which CSS reads as the letters that they stand
// for, what is fetched, and what takes long to draw.
const STYLES = words("style fill stroke clip-path")
const ODD = /\\|@|filter|mask|anim|transition|shadow|(?:url|src|image|image-set|cross-fade|element)\((?!\s*["']?#)/i
// Properties of the palette, which the page's style sheet defines.
const PALETTE = ["paper", "ink", "soft", "grid", "wash", "blue", "red", "green", "purple", "ochre", "figure-font"]

/** @param {string} text */
function words(text) { return new Set(text.split(" ")) }

/** Why something is not drawn; the message is for the reader. */
export class Refused extends Error {}

/**
 * A copy of a node that holds only what is known; it counts elements on its way.
 * @param {Node} node
 * @param {Document} target
 * @param {{ left: number }} count
 * @param {number} depth
 * @returns {Node | null}
 */
function copy(node, target, count, depth) {
  if (node instanceof Text) return target.createTextNode(node.data)
  if (!(node instanceof Element)) return null
  if (--count.left < 0) throw new Refused(`it has more than ${MOST_ELEMENTS.toLocaleString("en")} elements`)
  if (depth > MOST_DEPTH) throw new Refused(`it is nested more than ${MOST_DEPTH} deep`)
  const { namespaceURI, localName } = node
  if (!namespaceURI || !ELEMENTS[namespaceURI]?.has(localName)) return null
  const made = target.createElementNS(namespaceURI, localName)
  for (const { name, value } of node.attributes) {
    // A reference leads to another part of the same picture.
    if (/^(xlink:)?href$/.test(name) && localName === "use" && /^#[\w-]+$/.test(value)) made.setAttribute("href", value)
    else if (ATTRIBUTES[namespaceURI].has(name) && !(STYLES.has(name) && ODD.test(value)))
      made.setAttribute(name, value)
  }
  for (const child of node.childNodes) {
    const part = copy(child, target, count, depth + 1)
    if (part) made.append(part)
  }
  return made
}

/**
 * Refuses references that multiply: what is repeated repeats nothing, and all repetitions together are not too many.
 * @param {Element} picture
 */
function countRepetitions(picture) {
  let all = 0
  /** @type {Map<string, number>} */
  const sizes = new Map()
  for (const element of picture.querySelectorAll("[id]"))
    sizes.set(`#${element.id}`, element.matches("use") || element.querySelector("use") ? Infinity
      : element.querySelectorAll("*").length + 1)
  for (const use of picture.querySelectorAll("use")) all += sizes.get(use.getAttribute("href") ?? "") ?? 0
  if (all > 4 * MOST_ELEMENTS) throw new Refused("it repeats its parts too often")
}

/**
 * The markup with nothing but known elements, and its picture, if it is one.
 * @param {string} markup
 * @throws {Refused}
 */
export function known(markup) {
  if (markup.length > MOST_CHARACTERS)
    throw new Refused(`it has more than ${MOST_CHARACTERS.toLocaleString("en")} characters`)
  // Counted before it is parsed, which takes long for what is deeply nested.
  if ((markup.match(/<\w/g)?.length ?? 0) > MOST_ELEMENTS)
    throw new Refused(`it has more than ${MOST_ELEMENTS.toLocaleString("en")} elements`)
  const parsed = new DOMParser().parseFromString(markup, "text/html")
  const target = document.implementation.createHTMLDocument()
  const count = { left: MOST_ELEMENTS }
  for (const child of parsed.body.childNodes) {
    const part = copy(child, target, count, 0)
    if (part) target.body.append(part)
  }
  countRepetitions(target.body)
  return target.body
}

/** @param {Element} body @param {string} styles */
const documentOf = (body, styles) =>
  `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; `
  + `style-src 'unsafe-inline'"><style>${styles}</style><body>${body.innerHTML}`

/** The page's colors, as they are now. */
function styles() {
  const now = getComputedStyle(document.body)
  const values = PALETTE.map(name => `--wi-${name}:${now.getPropertyValue(`--wi-${name}`)}`)
  const scheme = document.body.dataset.mdColorScheme === "slate" ? "dark" : "light"
  return `:root{color-scheme:${scheme};${values.join(";")}}`
    + "body{margin:0;color:var(--wi-ink);background:var(--wi-paper);font:14px/1.5 var(--wi-figure-font)}"
    + "svg{display:block;width:100%;height:auto}*{stroke-linejoin:round}"
    + "td,th{padding:.1em .6em;text-align:left;border-bottom:1px solid var(--wi-grid)}table{border-collapse:collapse}"
}

/** The frames of this page, each with what it shows. @type {Map<HTMLIFrameElement, Element>} */
const frames = new Map()

// A frame has no access to the page's style sheet: when the palette changes, all are drawn anew.
new MutationObserver(() => {
  const now = styles()
  for (const [frame, body] of frames) if (frame.isConnected) frame.srcdoc = documentOf(body, now)
  else frames.delete(frame)
}).observe(document.body, { attributeFilter: ["data-md-color-scheme"] })

/**
 * A frame that shows markup.
 * @param {string} markup
 * @throws {Refused}
 */
export function framed(markup) {
  const body = known(markup)
  const frame = document.createElement("iframe")
  frame.setAttribute("sandbox", "")
  frame.className = "wi-shown"
  const picture = body.children.length === 1 && body.firstElementChild instanceof SVGSVGElement
    ? body.firstElementChild : null
  frame.title = picture?.getAttribute("aria-label") || (picture ? "A picture" : "What the code shows")
  const [, , width, height] = picture?.getAttribute("viewBox")?.split(/[\s,]+/).map(Number) ?? []
  // A picture's frame is as high as the picture; of anything else the height is not known here, and it scrolls.
  if (width > 0 && height > 0) frame.style.aspectRatio = String(Math.max(width / height, 0.5))
  else frame.classList.add("wi-shown--text")
  frame.srcdoc = documentOf(body, styles())
  frames.set(frame, body)
  return frame
}
