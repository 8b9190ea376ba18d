// A chart: axes by uPlot, a background that is drawn with them, and a foreground on a canvas over all charts.
import { uPlot } from "../../../vendor/plot.js"
import { find } from "../../code.js"
import { formatSigned, superscript } from "./format.js"

/**
 * @typedef {[number, number]} Range
 * @typedef {{
 *   range: Range, decades?: boolean, whole?: boolean, label?: string, ticks?: [number, string][],
 * }} Axis  Decades: the numbers are powers of ten. Whole: ticks are integers.
 * @typedef {{
 *   name: string, title: string, x: Axis, y: Axis, wide?: boolean, tall?: boolean, equal?: boolean,
 * }} Panel  Name: a word or two, for the button that shows it where only one panel has room. Title: what is upwards.
 * Wide: over both columns. Tall: over both rows. Equal: x and y alike.
 * @typedef {(painter: Painter) => void} Paint
 * @typedef {{ key: string, paint: Paint }} Background  It is drawn with the axes, and again when its key is another.
 * @typedef {{
 *   x?: Range, y?: Range, title?: string, background?: Background, paint?: Paint,
 * }} Drawing  What a panel shows now. Ranges that are not given are the panel's.
 * @typedef {import("uplot")} Plot
 */

/** Colors by name, as the page's palette has them now, and the font of charts. @type {Record<string, string>} */
const palette = {}

const COLORS = ["paper", "ink", "soft", "grid", "wash", "blue", "red", "green", "purple", "ochre"]

/** Reads the colors of the page's palette. */
export function readPalette() {
  const style = getComputedStyle(document.body)
  for (const name of COLORS) palette[name] = style.getPropertyValue(`--wi-${name}`)
  palette.font = style.getPropertyValue("--wi-sans")
}

/** Draws in a plot's own units. Points with a NaN are left out. */
export class Painter {
  /**
   * @param {Plot} plot
   * @param {CanvasRenderingContext2D} context
   * @param {number} left  Of the plot's canvas in the context's, in device pixels.
   * @param {number} top
   */
  constructor(plot, context, left, top) {
    const { x, y } = plot.scales
    this.context = context
    this.left = left + plot.bbox.left
    this.top = top + plot.bbox.top
    this.width = plot.bbox.width
    this.height = plot.bbox.height
    this.low = Number(x.min)
    this.high = Number(y.max)
    // Device pixels for a unit of each axis. y grows downwards on a canvas, and so it is measured from the top.
    this.unit = [this.width / (Number(x.max) - this.low), this.height / (this.high - Number(y.min))]
  }

  /** @param {number} value */
  x(value) { return this.left + (value - this.low) * this.unit[0] }

  /** @param {number} value */
  y(value) { return this.top + (this.high - value) * this.unit[1] }

  /**
   * A polyline, clipped to the plot.
   * @param {ArrayLike<number>} xs
   * @param {ArrayLike<number>} ys
   * @param {string} color
   * @param {{ width?: number, dash?: number[] }} [style]
   */
  line(xs, ys, color, { width = 1.6, dash = [] } = {}) {
    const { context } = this
    context.save()
    context.beginPath()
    context.rect(this.left, this.top, this.width, this.height)
    context.clip()
    context.beginPath()
    for (let k = 0; k < xs.length; k++) if (!Number.isNaN(ys[k])) context.lineTo(this.x(xs[k]), this.y(ys[k]))
    context.strokeStyle = palette[color]
    context.lineWidth = width * devicePixelRatio
    context.setLineDash(dash.map(part => part * devicePixelRatio))
    context.stroke()
    context.restore()
  }

  /**
   * A dot at each place in the plot, all in one path.
   * @param {ArrayLike<number>} xs
   * @param {ArrayLike<number>} ys
   * @param {string} color
   * @param {{ radius?: number | number[], hollow?: boolean }} [style]
   */
  dots(xs, ys, color, { radius = 2.5, hollow = false } = {}) {
    const { context } = this
    context.beginPath()
    for (let k = 0; k < xs.length; k++) if (!Number.isNaN(ys[k])) {
      const x = this.x(xs[k]), y = this.y(ys[k])
      const size = (typeof radius === "number" ? radius : radius[k]) * devicePixelRatio
      if (y < this.top || y > this.top + this.height) continue
      // Without the move, the path would draw a line from the dot before.
      context.moveTo(x + size, y)
      context.arc(x, y, size, 0, 2 * Math.PI)
    }
    context.fillStyle = context.strokeStyle = palette[color]
    context.lineWidth = 1.4 * devicePixelRatio
    if (hollow) context.stroke()
    else context.fill()
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} color
   * @param {{ radius?: number, hollow?: boolean }} [style]
   */
  dot(x, y, color, { radius = 4, hollow = false } = {}) {
    this.dots([x], [y], color, { radius, hollow })
  }

  /**
   * A filled rectangle, given by two of its corners.
   * @param {number} left
   * @param {number} bottom
   * @param {number} right
   * @param {number} top
   * @param {string} color
   */
  bar(left, bottom, right, top, color) {
    const x = this.x(left), y = this.y(top)
    this.context.fillStyle = palette[color]
    // A pixel is left free between neighbors.
    this.context.fillRect(x, y, this.x(right) - x - devicePixelRatio, this.y(bottom) - y)
  }

  /**
   * Words beside a point, kept within the plot, on a margin of paper: a line's name stands on the line.
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {string} color
   * @param {{ align?: "left" | "center" | "right", up?: number }} [style]  Up: pixels from the point.
   */
  words(x, y, text, color, { align = "left", up = 10 } = {}) {
    const { context } = this, ratio = devicePixelRatio
    context.save()
    context.font = `${12 * ratio}px ${palette.font}`
    context.textAlign = "left" // uPlot centers its own
    context.textBaseline = "middle"
    const wide = context.measureText(text).width, half = 8 * ratio
    const from = this.x(x) + { left: 4 * ratio, center: -wide / 2, right: -wide - 4 * ratio }[align]
    const left = Math.min(Math.max(from, this.left + 2 * ratio), this.left + this.width - wide)
    const middle = Math.min(Math.max(this.y(y) - up * ratio, this.top + half), this.top + this.height - half)
    context.lineJoin = "round"
    context.lineWidth = 4 * ratio
    context.strokeStyle = palette.paper
    context.strokeText(text, left, middle)
    context.fillStyle = palette[color]
    context.fillText(text, left, middle)
    context.restore()
  }

  /**
   * A vertical line across the plot.
   * @param {number} x
   * @param {string} color
   */
  vertical(x, color) {
    // A rectangle one pixel wide, on whole pixels: a stroke would be blurred over two.
    const at = Math.min(Math.max(Math.round(this.x(x)), this.left), this.left + this.width)
    this.context.fillStyle = palette[color]
    this.context.fillRect(at, this.top, devicePixelRatio, this.height)
  }
}

/**
 * Draws a panel's axes into its element.
 * @param {HTMLElement} element
 * @param {Panel} panel
 * @param {() => void} onDraw  Called each time that uPlot has drawn.
 */
export function createChart(element, panel, onDraw) {
  const box = find(element, ".wi-explorer__plot"), heading = find(element, "b")
  const font = `12px ${palette.font}`
  let x = panel.x.range, y = panel.y.range
  /** @type {Background | undefined} */
  let background

  /** @param {Plot} u */
  const drawBackground = u => {
    u.ctx.save() // uPlot remembers the styles that it has set
    background?.paint(new Painter(u, u.ctx, 0, 0))
    u.ctx.restore()
  }

  /**
   * The range that is asked for, or more of it where one scale has to fit both axes.
   * @param {Plot} u
   * @param {0 | 1} which
   * @returns {Range}
   */
  const spread = (u, which) => {
    const size = [u.bbox.width, u.bbox.height], [low, high] = [x, y][which]
    if (!panel.equal || !size[0]) return [low, high]
    // The scale at which both ranges fit; the other axis is widened around its middle.
    const unit = Math.max((x[1] - x[0]) / size[0], (y[1] - y[0]) / size[1])
    const more = (unit * size[which] - (high - low)) / 2
    return [low - more, high + more]
  }

  // uPlot needs a series for its axes. It has a single missing point: all data are drawn by `Painter`.
  const plot = new uPlot({
    width: box.clientWidth, height: box.clientHeight, legend: { show: false }, cursor: { show: false },
    padding: [6, 16, 0, 0],
    scales: { x: { time: false, range: u => spread(u, 0) }, y: { range: u => spread(u, 1) } },
    axes: [
      axisOptions(panel.x, panel.x.label ? 24 : 22, font, panel.equal ? 30 : 44),
      axisOptions(panel.y, panel.y.decades ? 42 : 38, font, panel.equal ? 30 : 26),
    ],
    series: [{}, {}],
    hooks: { draw: [drawBackground, onDraw] },
  }, [[x[0]], [null]], box)
  // A finger that goes up or down scrolls the page.
  plot.over.style.touchAction = "pan-y"

  return {
    plot, heading,
    /** Takes the size that the page has given to the chart. */
    resize() {
      if (!box.clientWidth) return // another panel is shown in its place
      plot.setSize({ width: box.clientWidth, height: box.clientHeight })
      plot.setData(plot.data)
    },
    /**
     * Shows a drawing's ranges and background.
     * @param {Drawing} drawing
     * @param {boolean} recolored  Whether the palette is another one.
     */
    show(drawing, recolored) {
      const before = [...x, ...y], other = drawing.background?.key !== background?.key
      background = drawing.background
      x = drawing.x ?? panel.x.range
      y = drawing.y ?? panel.y.range
      // setData computes scales and axes anew; redraw alone is faster, and is enough for colors and backgrounds.
      if ([...x, ...y].some((bound, k) => bound !== before[k])) plot.setData(plot.data)
      else if (other || recolored) plot.redraw(false, false)
    },
  }
}

/**
 * The options of an axis, as uPlot takes them.
 * @param {Axis} axis
 * @param {number} size  Pixels across the axis.
 * @param {string} font
 * @param {number} space  Least pixels between ticks, unless they are decades.
 * @returns {import("uplot").Axis}
 */
function axisOptions({ label, ticks, decades, whole }, size, font, space) {
  // toFixed drops rounding errors such as 0.30000000000000004.
  /** @param {number} v */
  const format = v => decades ? (v === 0 ? "1" : `10${superscript(v)}`) : formatSigned(Number(v.toFixed(6)))
  const fractions = decades || whole ? [] : [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
  return {
    stroke: () => palette.soft, font, size, gap: 3, space: decades ? 22 : space,
    label, labelSize: 17, labelGap: 0, labelFont: font,
    grid: { stroke: () => palette.grid, width: 1 }, ticks: { stroke: () => palette.grid, width: 1, size: 3 },
    ...(ticks ? { splits: ticks.map(([at]) => at) } : {}),
    values: (_, splits) => ticks ? ticks.map(([, text]) => text) : splits.map(format),
    incrs: [...fractions, 1, 2, ...(decades ? [4] : []), 5, 10, 20, 50, 100, 200, 500, 1000],
  }
}
