// @ts-check
// What explorers share: loading, controls, the state in the address, drawing, and words for those who do not see it.
// An explorer is a module beside this one, named as the figure that it brings to life; see docs/contributing.md.
import { css, uPlot as bundled } from "../../vendor/plot.js"

const uPlot = /** @type {typeof import("uplot")} */ (/** @type {unknown} */ (bundled))

/**
 * @typedef {Record<string, any>} State  What the reader has chosen, by control.
 * @typedef {{ shape: number[], row: (...index: number[]) => Float64Array }} Grid  Numbers, a row of the last axis at a time.
 * @typedef {{ title: string, x: Axis, y: Axis, wide?: boolean, tall?: boolean, free?: boolean, equal?: boolean }} Panel  Wide: over both columns; tall: over both rows; free: dragged in both directions; equal: one scale for x and y.
 * @typedef {{ range: [number, number], decades?: boolean, whole?: boolean, label?: string, ticks?: [number, string][] }} Axis  Decades: the numbers are powers of ten.
 * @typedef {{ name: string, label: string, start: any, stops?: number[], options?: string[][], marks?: [number, string][] }} Control
 * @typedef {{ x?: [number, number], y?: [number, number], title?: string, under?: Under, paint?: (pen: Pen) => void }} Drawing  Ranges that are not given are the panel's.
 * @typedef {{ of: string, paint: (pen: Pen) => void }} Under  Painted with the axes, and anew when it is of something else.
 * @typedef {{
 *   lead: string, controls: Control[], panels: Panel[], play?: string,
 *   draw: (state: State) => Drawing[], say: (state: State) => string,
 *   press?: (panel: number, x: number, y: number, state: State) => State,
 * }} Explorer
 * @typedef {ReturnType<typeof pen>} Pen
 */

// Numbers, as a sentence has them.

/** @param {number} value */
export const signed = value => String(value).replace("-", "−")

/** @param {number} value @param {number} [digits] @returns {string} */
export function figure(value, digits = 3) {
  if (value === 0) return "0"
  const power = Math.log10(Math.abs(value))
  if (power < -3 || power >= 5) return (value < 0 ? "−" : "") + ofPower(power)
  return signed(Number(value.toPrecision(digits)))
}

/** The number whose power of ten is given: they may be too small or large for any other way to write them. @param {number} power @returns {string} */
export function ofPower(power) {
  if (Number.isNaN(power)) return "nothing"
  if (power > -3 && power < 5) return figure(10 ** power)
  const [digits, exponent] = (10 ** (power - Math.floor(power))).toExponential(0).split("e")
  return `${digits}·10${raised(Math.floor(power) + Number(exponent))}`
}

/** @param {number} n */
const raised = n => [...String(n)].map(c => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("")

/** Where `value` belongs among ascending stops; the first if two are as near. @param {ArrayLike<number>} stops @param {number} value */
export function nearest(stops, value) {
  value = Math.min(Math.max(value, stops[0]), stops[stops.length - 1])
  let best = 0
  for (let k = 1; k < stops.length; k++) if (Math.abs(stops[k] - value) < Math.abs(stops[best] - value)) best = k
  return best
}

/** On the straight line from `low` at 0 to `high` at `whole`. @param {number} low @param {number} high @param {number} part @param {number} whole */
export const along = (low, high, part, whole) => low + (high - low) * part / whole

/** A range of decades that holds these powers of ten, and changes seldom. @param {number[]} powers @param {number} [every] @returns {[number, number]} */
export const decades = (powers, every = 4) => {
  const known = powers.filter(Number.isFinite)
  return [every * Math.floor(Math.min(-0.01, ...known) / every), Math.max(every / 4, every * Math.ceil((Math.max(0, ...known) - 0.99) / every))]
}

/** From `low` to `high` in equal steps. @param {number} low @param {number} high @param {number} step */
export const stops = (low, high, step) =>
  Array.from({ length: Math.round((high - low) / step) + 1 }, (_, k) => Number((low + k * step).toFixed(6)))

// Loading. The format is that of wi_docs/pages/explorers/__init__.py.

let failures = 0

/** @param {string} name @returns {Promise<Record<string, any>>} */
async function load(name) {
  return unpack(await (await get(`../../../explorers/${name}.bin`)).arrayBuffer())
}

/** @param {string} path */
async function get(path) {
  const response = await fetch(new URL(path, import.meta.url))
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response
}

async function style() {
  const own = await (await get("../../css/explorers.css")).text()
  if (!document.getElementById("wi-explorer-style"))
    document.head.insertAdjacentHTML("beforeend", `<style id="wi-explorer-style">${css}${own}</style>`)
}

/** @param {ArrayBuffer} file */
export async function unpack(file) {
  const [first, second] = new Uint8Array(file)
  if (first === 0x1f && second === 0x8b) // if not, the server has unzipped it already
    file = await new Response(new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer()
  const length = new DataView(file).getUint32(0, true)
  const { plain, arrays } = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 4, length)))
  let bytes = new Uint8Array(file, 4 + length)
  for (const [key, { bytes: size, shape, offset, step }] of Object.entries(arrays)) {
    const count = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1), last = shape.at(-1)
    const missing = size === 1 ? 0xff : 0xffff, values = new Float64Array(count)
    for (let k = 0, n = 0; k < count; k++) {
      if (k % last === 0) n = 0
      n = n + bytes[k] + (size === 2 ? bytes[count + k] << 8 : 0) & missing
      values[k] = n === missing ? NaN : offset + step * n
    }
    bytes = bytes.subarray(size * count)
    plain[key] = {
      shape,
      row: (/** @type {number[]} */ ...index) => {
        const at = index.reduce((sum, k, axis) => sum * shape[axis] + k, 0) * last
        return values.subarray(at, at + last)
      },
    }
  }
  return plain
}

// Drawing. Colors are the palette's, by name.

/** @type {Record<string, string>} */
const palette = {}
function readPalette() {
  const style = getComputedStyle(document.body)
  for (const name of ["paper", "ink", "soft", "grid", "wash", "blue", "red", "green", "purple", "ochre"])
    palette[name] = style.getPropertyValue(`--wi-${name}`)
}

/** Draws over a panel in its own units. @param {import("uplot")} plot @param {CanvasRenderingContext2D} ctx @param {number} left @param {number} top  Where its canvas begins, in pixels of the screen. */
function pen(plot, ctx, left, top) {
  const ratio = devicePixelRatio, { width, height } = plot.bbox
  left += plot.bbox.left
  top += plot.bbox.top
  const [x0, x1] = bounds(plot.scales.x), [y0, y1] = bounds(plot.scales.y), across = width / (x1 - x0), up = height / (y1 - y0)
  const x = (/** @type {number} */ value) => left + (value - x0) * across, y = (/** @type {number} */ value) => top + (y1 - value) * up
  return {
    /** What is not a number is left out. @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys @param {string} color */
    line(xs, ys, color, { width: thick = 1.6, dash = /** @type {number[]} */ ([]) } = {}) {
      ctx.save()
      ctx.beginPath()
      ctx.rect(left, top, width, height)
      ctx.clip()
      ctx.beginPath()
      for (let k = 0; k < xs.length; k++) if (!Number.isNaN(ys[k])) ctx.lineTo(x(xs[k]), y(ys[k]))
      ctx.strokeStyle = palette[color]
      ctx.lineWidth = thick * ratio
      ctx.setLineDash(dash.map(part => part * ratio))
      ctx.stroke()
      ctx.restore()
    },
    /** One at each place, drawn in one go. @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys @param {string} color @param {{ radius?: number | number[], hollow?: boolean }} [how] */
    dots(xs, ys, color, { radius = 2.5, hollow = false } = {}) {
      ctx.beginPath()
      for (let k = 0; k < xs.length; k++) if (!Number.isNaN(ys[k])) {
        const px = x(xs[k]), py = y(ys[k]), size = (typeof radius === "number" ? radius : radius[k]) * ratio
        ctx.moveTo(px + size, py)
        ctx.arc(px, py, size, 0, 2 * Math.PI)
      }
      ctx.fillStyle = ctx.strokeStyle = palette[color]
      ctx.lineWidth = 1.4 * ratio
      if (hollow) ctx.stroke()
      else ctx.fill()
    },
    /** @param {number} px @param {number} py @param {string} color @param {{ radius?: number, hollow?: boolean }} [how] */
    dot(px, py, color, { radius = 4, hollow = false } = {}) {
      this.dots([px], [py], color, { radius, hollow })
    },
    /** From corner to corner. @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} color */
    bar(x1, y1, x2, y2, color) {
      ctx.fillStyle = palette[color]
      ctx.fillRect(x(x1), y(y2), x(x2) - x(x1) - ratio, y(y1) - y(y2))
    },
    /** A line across the panel at this x. @param {number} at @param {string} color */
    upright(at, color) {
      ctx.fillStyle = palette[color]
      ctx.fillRect(Math.min(Math.max(Math.round(x(at)), left), left + width), top, ratio, height)
    },
  }
}

/** @param {import("uplot").Scale} scale @returns {[number, number]} */
const bounds = ({ min, max }) => [Number(min), Number(max)]

/** Draws a panel's axes in `place`; returns how to move them. @param {HTMLElement} place @param {Panel} panel @param {() => void} redrawn  Called when they were drawn anew. */
function axesIn(place, panel, redrawn) {
  const box = /** @type {HTMLElement} */ (place.querySelector(".wi-explorer__plot")), heading = /** @type {HTMLElement} */ (place.querySelector("b"))
  let [x, y] = [panel.x.range, panel.y.range]
  /** @type {Under | undefined} */
  let under
  const stroke = (/** @type {string} */ name) => () => palette[name]
  /** @param {import("uplot")} u  It remembers the pens that it set. */
  const paintUnder = u => {
    u.ctx.save()
    under?.paint(pen(u, u.ctx, 0, 0))
    u.ctx.restore()
  }
  /** The range asked for, or more of it where one scale has to fit both. @param {import("uplot")} u @param {0 | 1} which @returns {[number, number]} */
  const spread = (u, which) => {
    const size = [u.bbox.width, u.bbox.height], [low, high] = [x, y][which]
    if (!panel.equal || !size[0]) return [low, high]
    const unit = Math.max((x[1] - x[0]) / size[0], (y[1] - y[0]) / size[1]), more = (unit * size[which] - (high - low)) / 2
    return [low - more, high + more]
  }
  const axis = (/** @type {Axis} */ of, /** @type {number} */ size) => ({
    stroke: stroke("soft"), font: `11px ${getComputedStyle(document.body).fontFamily}`, size, gap: 3, space: of.decades ? 22 : panel.equal ? 40 : size > 30 ? 26 : 44,
    label: of.label, labelSize: 16, labelGap: 0, labelFont: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: stroke("grid"), width: 1 }, ticks: { stroke: stroke("grid"), width: 1, size: 3 },
    ...(of.ticks ? { splits: of.ticks.map(([at]) => at) } : {}),
    values: (/** @type {any} */ _, /** @type {number[]} */ at) => of.ticks ? of.ticks.map(([, text]) => text) : at.map(v => of.decades ? v === 0 ? "1" : `10${raised(v)}` : signed(Number(v.toFixed(6)))),
    incrs: [...(of.decades || of.whole ? [] : [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]), 1, 2, ...(of.decades ? [4] : []), 5, 10, 20, 50, 100, 200, 500, 1000],
  })
  const plot = new uPlot({
    width: box.clientWidth, height: box.clientHeight, legend: { show: false }, cursor: { show: false }, padding: [6, 16, 0, 0],
    scales: { x: { time: false, range: u => spread(u, 0) }, y: { range: u => spread(u, 1) } },
    axes: [axis(panel.x, panel.x.label ? 24 : 22), axis(panel.y, panel.y.decades ? 42 : 38)],
    series: [{}, {}],
    hooks: { draw: [paintUnder, redrawn] },
  }, [[x[0]], [null]], box)
  plot.over.style.touchAction = panel.free ? "none" : "pan-y"
  return {
    plot, heading,
    fit() {
      plot.setSize({ width: box.clientWidth, height: box.clientHeight })
      plot.setData(plot.data)
    },
    /** @param {Drawing} drawing @param {boolean} faded  Colors have changed. */
    show(drawing, faded) {
      const before = [...x, ...y], fresh = drawing.under?.of !== under?.of
      under = drawing.under
      ;[x, y] = [drawing.x ?? panel.x.range, drawing.y ?? panel.y.range]
      if ([...x, ...y].some((bound, k) => bound !== before[k])) plot.setData(plot.data)
      else if (fresh || faded) plot.redraw(false, false)
    },
  }
}

/** Puts words into an element that holds nothing else; a new text node would wake all who watch the page. @param {Element} element @param {string} words */
function write(element, words) {
  const text = /** @type {Text} */ (element.firstChild ?? element.appendChild(document.createTextNode("")))
  if (text.data !== words) text.data = words
}

// Controls.

/** @param {number} value */
const written = value => signed(Number(value.toPrecision(4)))

/** @param {string} id @param {Control} control */
function controlMarkup(id, { name, label, stops, options, marks }) {
  if (options)
    return `<div class="wi-explorer__choice"><label for="${id}">${label}</label><select id="${id}" data-control="${name}">${
      options.map(([value, text]) => `<option value="${value}">${text ?? value}</option>`).join("")}</select></div>`
  if (stops)
    return `<div class="wi-explorer__line"><div class="wi-explorer__slider"><label for="${id}">${label}</label><input type="range" id="${id}" data-control="${name}" min="0" max="${stops.length - 1}" step="1">`
      + `<input type="text" inputmode="decimal" autocomplete="off" data-typed="${name}" aria-label="${label}, as a number"></div></div>`
      + (marks ? `<div class="wi-explorer__marks">${marks.map(([value, text]) => `<button type="button" data-mark="${name}" data-value="${value}">${text}</button>`).join("")}</div>` : "")
  return `<div class="wi-explorer__switch"><input type="checkbox" id="${id}" data-control="${name}"><label for="${id}">${label}</label></div>`
}

/** What the address says of a control, or how it starts. @param {string} name @param {Control} control */
function fromAddress(name, { name: which, stops, options, start }) {
  const said = new URLSearchParams(location.search).get(`${name}.${which}`)
  if (said === null) return start
  if (options) return options.some(([value]) => value === said) ? said : start
  if (stops) return said.trim() === "" || Number.isNaN(Number(said)) ? start : stops[nearest(stops, Number(said))]
  return said === "1" ? true : said === "0" ? false : start
}

/** @param {string} name @param {Control[]} controls @param {State} state */
function toAddress(name, controls, state) {
  const address = new URL(location.href)
  for (const control of controls) {
    const key = `${name}.${control.name}`, value = state[control.name]
    if (value === control.start) address.searchParams.delete(key)
    else address.searchParams.set(key, typeof value === "boolean" ? String(Number(value)) : String(value))
  }
  if (!address.hash.startsWith("#wi-code=")) address.hash = `figure-${name.replaceAll("_", "-")}`
  if (address.href !== location.href) history.replaceState(history.state, "", address)
}

const REST = 400 // ms without a change after which a hand is taken to rest, and for which words may lag behind it

/** Brings `place`, a figure, to life; leaves it as it is, with a line and a button, if that cannot be done. @param {HTMLElement} place */
export async function open(place) {
  const name = String(place.dataset.wiExplorer)
  try {
    const [{ explorer }, data] = await Promise.all([import(`./${name}.js${failures ? `?${failures}` : ""}`), load(name), style()])
    run(place, name, explorer(data))
  } catch (error) {
    failures++ // some browsers remember a module that failed, by its address
    console.info(error)
    const line = document.createElement("p")
    line.className = "wi-explorer__failed"
    line.innerHTML = `<span role="status">The numbers to move this figure did not load.</span> <button type="button">Try again</button>`
    line.querySelector("button")?.addEventListener("click", () => { line.remove(); open(place) })
    place.querySelector(".wi-figure__drawing")?.after(line)
  }
}

/** @param {HTMLElement} place @param {string} name @param {Explorer} explorer */
function run(place, name, { lead, controls, panels, play, draw, say, press }) {
  readPalette()
  const live = document.createElement("div")
  live.className = "wi-explorer"
  live.setAttribute("role", "group")
  live.setAttribute("aria-label", "Figure to move")
  live.innerHTML = `<p class="wi-explorer__lead">${lead}</p><div class="wi-explorer__panels" role="img" aria-label="Charts. Their numbers are in the sentence after them.">${
    panels.map(panel => `<div class="wi-explorer__panel"${panel.wide ? " data-wide" : ""}${panel.tall ? " data-tall" : ""}><b>${panel.title || " "}</b><div class="wi-explorer__plot"></div></div>`).join("")}</div>
    <div><p class="wi-explorer__said" aria-hidden="true"></p><p class="wi-explorer__status" role="status"></p></div>
    <div class="wi-explorer__controls">${controls.map(control => controlMarkup(`${name}-${control.name}`, control)).join("")}
    <div class="wi-explorer__buttons">${play ? `<button type="button" data-play>Play</button>` : ""}<button type="button" data-reset>Reset</button><button type="button" data-still aria-pressed="false">Still picture</button></div></div>`
  const find = (/** @type {string} */ selector) => /** @type {any} */ (live.querySelector(selector))
  place.querySelector(".wi-figure__drawing")?.after(live)
  place.classList.add("wi-live")

  /** @type {State} */
  const state = Object.fromEntries(controls.map(control => [control.name, fromAddress(name, control)]))
  // What moves with the hand is on one sheet, over the axes of all panels, which seldom change.
  const sheet = document.createElement("canvas"), ctx = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"))
  const ground = find(".wi-explorer__panels"), drawn = [...live.querySelectorAll(".wi-explorer__panel")].map((element, k) => axesIn(/** @type {HTMLElement} */ (element), panels[k], later))
  ground.append(sheet)
  /** @type {number[][]} */
  let places = []
  /** @type {Drawing[]} */
  let drawings = []
  let due = false

  /** Paints the sheet when the axes are done, which they are in a microtask. */
  function later() {
    if (!due) queueMicrotask(paint)
    due = true
  }

  function paint() {
    due = false
    ctx.clearRect(0, 0, sheet.width, sheet.height)
    drawings.forEach(({ paint }, k) => paint?.(pen(drawn[k].plot, ctx, places[k][0], places[k][1])))
  }

  new ResizeObserver(fit).observe(ground)
  function fit() {
    const ratio = devicePixelRatio, base = ground.getBoundingClientRect()
    if (!base.width) return
    Object.assign(sheet, { width: Math.round(base.width * ratio), height: Math.round(base.height * ratio) })
    for (const axes of drawn) axes.fit()
    places = drawn.map(({ plot }) => plot.root.getBoundingClientRect()).map(({ left, top }) => [Math.round((left - base.left) * ratio), Math.round((top - base.top) * ratio)])
    later()
  }
  fit()

  const inputs = controls.map(({ name: which, stops, options }) => ({
    which, stops, options, input: find(`[data-control="${which}"]`), typed: find(`[data-typed="${which}"]`),
    marks: /** @type {HTMLElement[]} */ ([...live.querySelectorAll(`[data-mark="${which}"]`)]),
  }))
  const said = find(".wi-explorer__said")
  /** What the controls show. @type {State} */
  const shown = {}
  let frame = 0, resting = 0, playing = 0, faded = false, told = 0

  function render() {
    frame = 0
    for (const { which, stops, options, input, marks } of inputs) {
      const value = state[which]
      if (value === shown[which]) continue
      shown[which] = value
      if (stops) {
        input.setAttribute("aria-valuetext", written(value))
        input.value = String(nearest(stops, value))
        for (const mark of marks) mark.setAttribute("aria-pressed", String(Number(mark.dataset.value) === value))
      } else if (options) input.value = value
      else input.checked = value
    }
    drawings = draw(state)
    drawings.forEach((drawing, k) => drawn[k].show(drawing, faded))
    faded = false
    later()
    requestAnimationFrame(follow)
  }

  /** Words follow in the first frame in which the hand does not move: nobody reads what changes sixty times a second. @param {number} now */
  function follow(now) {
    if (frame && now - told < REST) return
    told = now
    for (const { which, typed } of inputs) if (typed && typed !== document.activeElement) typed.value = written(state[which])
    drawings.forEach(({ title }, k) => title && write(drawn[k].heading, title))
    write(said, say(state))
  }

  function rest() {
    write(find(".wi-explorer__status"), say(state))
    toAddress(name, controls, state)
  }

  /** @param {State} change */
  function set(change) {
    Object.assign(state, change)
    frame ||= requestAnimationFrame(render)
    clearTimeout(resting)
    resting = setTimeout(rest, REST)
  }

  function stop() {
    cancelAnimationFrame(playing)
    playing = 0
    if (play) write(find("[data-play]"), "Play")
  }

  function start() {
    const stops = /** @type {number[]} */ (controls.find(control => control.name === play)?.stops), last = stops.length - 1
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return set({ [String(play)]: stops[last] })
    let from = nearest(stops, state[String(play)])
    if (from === last) from = 0
    const began = performance.now(), pace = last / Math.min(6000, 500 * last) // the whole way in six seconds, or half a second a stop
    write(find("[data-play]"), "Pause")
    const step = (/** @type {number} */ now) => {
      const at = Math.min(last, from + Math.floor(Math.max(0, now - began) * pace))
      set({ [String(play)]: stops[at] })
      if (at < last) playing = requestAnimationFrame(step)
      else stop()
    }
    playing = requestAnimationFrame(step)
  }

  live.addEventListener("input", event => {
    const input = /** @type {HTMLInputElement} */ (event.target), control = controls.find(({ name: which }) => which === input.dataset.control)
    if (!control) return
    stop()
    set({ [control.name]: control.stops ? control.stops[Number(input.value)] : control.options ? input.value : input.checked })
  })

  /** @param {HTMLInputElement} typed @param {number} step */
  function type(typed, step) {
    const control = controls.find(({ name: which }) => which === typed.dataset.typed), stops = control?.stops
    if (!control || !stops) return
    const value = Number(typed.value.replace("−", "-").replace(",", ".")), known = typed.value.trim() !== "" && !Number.isNaN(value)
    const at = Math.min(Math.max(nearest(stops, known ? value : state[control.name]) + step, 0), stops.length - 1)
    typed.value = written(stops[at])
    stop()
    set({ [control.name]: stops[at] })
  }
  live.addEventListener("change", event => type(/** @type {HTMLInputElement} */ (event.target), 0))
  live.addEventListener("keydown", event => {
    const typed = /** @type {HTMLInputElement} */ (event.target)
    const step = { ArrowUp: 1, ArrowDown: -1, Enter: 0 }[event.key]
    if (!typed.dataset.typed || step === undefined) return
    event.preventDefault()
    type(typed, step)
  })

  live.addEventListener("click", event => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button")
    if (!button) return
    if (button.dataset.mark) {
      stop()
      set({ [button.dataset.mark]: Number(button.dataset.value) })
    } else if ("play" in button.dataset) {
      if (playing) stop()
      else start()
    } else if ("reset" in button.dataset) {
      stop()
      set(Object.fromEntries(controls.map(control => [control.name, control.start])))
    } else if ("still" in button.dataset) {
      const still = place.classList.toggle("wi-still")
      button.setAttribute("aria-pressed", String(still))
    }
  })

  if (press) drawn.forEach(({ plot }, k) => {
    const { over } = plot
    const move = (/** @type {PointerEvent} */ event) => {
      const box = over.getBoundingClientRect(), change = press(k, plot.posToVal(event.clientX - box.left, "x"), plot.posToVal(event.clientY - box.top, "y"), state)
      if (Object.keys(change).length) set(change)
    }
    over.addEventListener("pointerdown", event => {
      stop()
      over.setPointerCapture(event.pointerId)
      move(event)
    })
    over.addEventListener("pointermove", event => over.hasPointerCapture(event.pointerId) && move(event))
  })

  new MutationObserver(() => {
    readPalette()
    faded = true
    frame ||= requestAnimationFrame(render)
  }).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] })
  render()
}
