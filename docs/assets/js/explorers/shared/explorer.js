// An explorer: a figure with controls. The module with the figure's name, beside this folder, defines its panels and
// controls; see docs/contributing.md.
import { css } from "../../../vendor/plot.js"
import { find } from "../../code.js"
import { Painter, createChart, readPalette } from "./chart.js"
import { connectControls, controlMarkup, readAddress, writeAddress } from "./controls.js"
import { get, load, nearest } from "./data.js"
import "./format.js" // named here so that it is fetched together with the others, and not once chart.js is here

/**
 * @typedef {import("./controls.js").Control} Control
 * @typedef {import("./controls.js").State} State
 * @typedef {import("./chart.js").Panel} Panel
 * @typedef {import("./chart.js").Drawing} Drawing
 */
/**
 * @template {State} S
 * @typedef {{
 *   lead: string, presets: [string, Partial<S>][], controls: Control[], panels: Panel[], play?: string,
 *   draw: (state: S) => Drawing[], say: (state: S) => string,
 *   press?: (panel: number, x: number, y: number, state: S) => Partial<S>,
 * }} Explorer  Lead: what can be done. Presets: what to try, in words and as changes.
 * Play: the control that Play moves. Press: what a press in a panel changes.
 */

const IDLE = 400 // ms without a change until the state is announced and written into the address
const TEXT_LAG = 400 // ms for which the text may lag behind a state that keeps changing
const SIDEWAYS = 6 // pixels that a finger goes across until it moves a figure and no longer the page
let failures = 0

/**
 * Turns a figure into its explorer. If that fails, the figure stays as it is, with a button to try again.
 * @param {HTMLElement} figure
 */
export async function open(figure) {
  const name = String(figure.dataset.wiExplorer)
  try {
    // Some browsers remember a module that failed, by its address: each attempt has another one.
    const module = import(`../${name}.js${failures ? `?${failures}` : ""}`)
    // Code, data and styles travel at the same time.
    const [{ explorer }, data] = await Promise.all([module, load(name), addStyles()])
    run(figure, name, explorer(data))
  } catch (error) {
    failures++
    // No error of the page: the still picture is there.
    console.info(error)
    const notice = document.createElement("p")
    notice.className = "wi-explorer__failed"
    notice.innerHTML = `<span role="status">The numbers to move this figure did not load.</span> `
      + `<button type="button">Try again</button>`
    figure.classList.add("wi-failed")
    notice.querySelector("button")?.addEventListener("click", () => {
      notice.remove()
      figure.classList.remove("wi-failed")
      open(figure)
    })
    figure.querySelector(".wi-figure__drawing")?.after(notice)
  }
}

async function addStyles() {
  const own = await (await get("assets/css/explorers.css")).text()
  if (!document.getElementById("wi-explorer-style"))
    document.head.insertAdjacentHTML("beforeend", `<style id="wi-explorer-style">${css}${own}</style>`)
}

/**
 * @param {string} name
 * @param {Explorer<State>} explorer
 */
function markup(name, { lead, presets, controls, panels, play }) {
  const charts = panels.map(({ wide, tall, title }) =>
    `<div class="wi-explorer__panel"${wide ? " data-wide" : ""}${tall ? " data-tall" : ""}>`
    + `<b>${title || " "}</b><div class="wi-explorer__plot"></div></div>`)
  const tries = presets.map(([text], k) => `<button type="button" data-preset="${k}">${text}</button>`)
  const tabs = panels.map(({ name }, k) => `<button type="button" data-panel="${k}">${name}</button>`)
  return `<p class="wi-explorer__lead">${lead}</p><div class="wi-explorer__presets">${tries.join("")}</div>`
    + `<div class="wi-explorer__tabs">${tabs.join("")}</div><div class="wi-explorer__panels" role="img" `
    + `aria-label="Charts. Their numbers are in the sentence after them.">${charts.join("")}</div>
    <div><p class="wi-explorer__said" aria-hidden="true"></p><p class="wi-explorer__status" role="status"></p></div>
    <div class="wi-explorer__controls">`
    + controls.map(control => controlMarkup(`${name}-${control.name}`, control)).join("")
    + `
    <div class="wi-explorer__buttons">${play ? `<button type="button" data-play="${play}">Play</button>` : ""}`
    + `<button type="button" data-reset>Reset</button>`
    + `<button type="button" data-still aria-pressed="false">Still picture</button></div></div>`
}

/**
 * Sets an element's text in its one text node: a new node would wake every observer of the page.
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (!(element.firstChild instanceof Text)) element.replaceChildren(document.createTextNode(""))
  const node = /** @type {Text} */ (element.firstChild)
  if (node.data !== text) node.data = text
}

/**
 * @param {HTMLElement} figure
 * @param {string} name
 * @param {Explorer<State>} explorer
 */
function run(figure, name, explorer) {
  const { presets, controls, panels, play, draw, say, press } = explorer
  readPalette()
  const root = document.createElement("div")
  root.className = "wi-explorer"
  root.setAttribute("role", "group")
  root.setAttribute("aria-label", "Figure to move")
  root.innerHTML = markup(name, explorer)
  figure.querySelector(".wi-figure__drawing")?.after(root)
  figure.classList.add("wi-live")

  const state = readAddress(name, controls)
  const description = find(root, ".wi-explorer__said"), status = find(root, ".wi-explorer__status")
  const container = find(root, ".wi-explorer__panels")
  const charts = [...container.children].map((element, k) =>
    createChart(/** @type {HTMLElement} */ (element), panels[k], scheduleOverlay))

  // What changes with every frame is drawn on one canvas over all charts, whose axes seldom change.
  const overlay = document.createElement("canvas")
  const context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"))
  container.append(overlay)
  // The left and the top of each chart within the overlay, in device pixels; none for a chart that is not shown.
  /** @type {(number[] | undefined)[]} */
  let origins = []
  /** @type {Drawing[]} */
  let drawings = []
  let overlayScheduled = false

  /** Draws the overlay after the axes, which uPlot draws in a microtask. */
  function scheduleOverlay() {
    if (!overlayScheduled) queueMicrotask(drawOverlay)
    overlayScheduled = true
  }

  function drawOverlay() {
    overlayScheduled = false
    context.clearRect(0, 0, overlay.width, overlay.height)
    drawings.forEach(({ paint }, k) => {
      if (origins[k]) paint?.(new Painter(charts[k].plot, context, origins[k][0], origins[k][1]))
    })
  }

  function resize() {
    const ratio = devicePixelRatio, box = container.getBoundingClientRect()
    if (!box.width) return
    Object.assign(overlay, { width: Math.round(box.width * ratio), height: Math.round(box.height * ratio) })
    for (const chart of charts) chart.resize()
    origins = charts.map(({ plot }) => plot.root.getBoundingClientRect()).map(({ left, top, width }) =>
      width ? [Math.round((left - box.left) * ratio), Math.round((top - box.top) * ratio)] : undefined)
    scheduleOverlay()
  }
  /** Shows a panel where only one has room. @param {number} shown */
  function choose(shown) {
    charts.forEach((_, k) => container.children[k].toggleAttribute("data-shown", k === shown))
    for (const tab of root.querySelectorAll("[data-panel]"))
      tab.setAttribute("aria-pressed", String(Number(/** @type {HTMLElement} */ (tab).dataset.panel) === shown))
    resize()
  }
  choose(0)
  // Also when the figure becomes visible: a hidden one has no size.
  new ResizeObserver(resize).observe(container)

  const inputs = connectControls(root, controls, state, change => {
    pause()
    set(change)
  })
  // Requested frames and timers, 0 if there is none; whether the palette has changed; when the text was last updated.
  let frame = 0, idleTimer = 0, playFrame = 0, recolored = false, describedAt = 0

  function render() {
    frame = 0
    inputs.show()
    drawings = draw(state)
    drawings.forEach((drawing, k) => charts[k].show(drawing, recolored))
    recolored = false
    scheduleOverlay()
    // The text waits for the next frame, so that charts never wait for the layout of text.
    requestAnimationFrame(describe)
  }

  /**
   * Updates the text, in the first frame without a change or when it has lagged behind for long enough: nobody reads
   * what changes sixty times a second.
   * @param {number} now
   */
  function describe(now) {
    if (frame && now - describedAt < TEXT_LAG) return
    describedAt = now
    inputs.showTyped()
    drawings.forEach(({ title }, k) => title && setText(charts[k].heading, title))
    setText(description, say(state))
  }

  function idle() {
    setText(status, say(state))
    writeAddress(name, controls, state)
  }

  /** @param {Partial<State>} change */
  function set(change) {
    Object.assign(state, change)
    // However many changes come, a frame is drawn once.
    frame ||= requestAnimationFrame(render)
    clearTimeout(idleTimer)
    idleTimer = setTimeout(idle, IDLE)
  }

  function pause() {
    cancelAnimationFrame(playFrame)
    playFrame = 0
    if (play) setText(find(root, "[data-play]"), "Play")
  }

  /** @param {string} moved @param {number[]} stops */
  function start(moved, stops) {
    const last = stops.length - 1
    // Readers who asked for less motion see the end at once.
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return set({ [moved]: stops[last] })
    // From the end, Play begins anew at the first stop.
    const from = nearest(stops, Number(state[moved])) % last, began = performance.now()
    const duration = Math.min(6000, 500 * last) // ms for all stops
    setText(find(root, "[data-play]"), "Pause")
    /** @param {number} now */
    const step = now => {
      const at = Math.min(last, from + Math.floor(Math.max(0, now - began) * last / duration))
      set({ [moved]: stops[at] })
      if (at < last) playFrame = requestAnimationFrame(step)
      else pause()
    }
    playFrame = requestAnimationFrame(step)
  }

  root.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("button")
    if (!button) return
    if ("play" in button.dataset) {
      const control = controls.find(control => control.name === play)
      if (playFrame) pause()
      else if (control?.stops) start(control.name, control.stops)
    } else if (button.dataset.preset) {
      pause()
      set(presets[Number(button.dataset.preset)][1])
    } else if (button.dataset.panel) {
      choose(Number(button.dataset.panel))
    } else if ("reset" in button.dataset) {
      pause()
      set(Object.fromEntries(controls.map(control => [control.name, control.start])))
    } else if ("still" in button.dataset) {
      button.setAttribute("aria-pressed", String(figure.classList.toggle("wi-still")))
    }
  })

  if (press) charts.forEach(({ plot }, k) => {
    const { over } = plot
    /** @param {PointerEvent} event */
    const move = event => {
      const box = over.getBoundingClientRect()
      const x = plot.posToVal(event.clientX - box.left, "x"), y = plot.posToVal(event.clientY - box.top, "y")
      const change = press(k, x, y, state)
      if (Object.keys(change).length) set(change)
    }
    // A finger that lands may be about to scroll the page. It moves the figure once it has gone sideways, and if it is
    // lifted where it landed. When it scrolls, the browser cancels it.
    /** @type {PointerEvent | undefined} */
    let landed
    over.addEventListener("pointerdown", event => {
      pause()
      if (event.pointerType === "touch") return landed = event
      // The captured pointer keeps sending its moves when it leaves the chart.
      over.setPointerCapture(event.pointerId)
      move(event)
    })
    over.addEventListener("pointermove", event => {
      if (landed) {
        const [across, along] = [event.clientX - landed.clientX, event.clientY - landed.clientY].map(Math.abs)
        if (across < SIDEWAYS || across < along) return
        landed = undefined
        over.setPointerCapture(event.pointerId)
      }
      if (over.hasPointerCapture(event.pointerId)) move(event)
    })
    over.addEventListener("pointerup", () => {
      if (landed) move(landed)
      landed = undefined
    })
    over.addEventListener("pointercancel", () => landed = undefined)
  })

  // The reader has switched between the light and the dark palette.
  new MutationObserver(() => {
    readPalette()
    recolored = true
    frame ||= requestAnimationFrame(render)
  }).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] })
  render()
}
