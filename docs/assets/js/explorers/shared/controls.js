// The controls of an explorer, and its state, which stands in the controls and in the address.
import { find } from "../../code.js"
import { nearest } from "./data.js"
import { formatSigned } from "./format.js"

/**
 * @typedef {number | string | boolean} Value
 * @typedef {Record<string, Value>} State  By control.
 * @typedef {{
 *   name: string, label: string, start: Value, stops?: number[], options?: string[][],
 * }} Control  A slider over stops; a choice of options, each a value and a text; or a switch.
 */

/** @param {Value} value */
const written = value => formatSigned(Number(Number(value).toPrecision(4)))

/**
 * @param {string} id
 * @param {Control} control
 */
export function controlMarkup(id, { name, label, stops, options }) {
  if (options) {
    const choices = options.map(([value, text]) => `<option value="${value}">${text ?? value}</option>`)
    return `<div class="wi-explorer__choice"><label for="${id}">${label}</label>`
      + `<select id="${id}" data-control="${name}">${choices.join("")}</select></div>`
  }
  if (stops) {
    return `<div class="wi-explorer__line"><div class="wi-explorer__slider"><label for="${id}">${label}</label>`
      + `<input type="range" id="${id}" data-control="${name}" min="0" max="${stops.length - 1}" step="1">`
      + `<input type="text" inputmode="decimal" autocomplete="off" data-typed="${name}" `
      + `aria-label="${label}, as a number"></div></div>`
  }
  return `<div class="wi-explorer__switch"><input type="checkbox" id="${id}" data-control="${name}">`
    + `<label for="${id}">${label}</label></div>`
}

/**
 * The state that the address describes. What it leaves out, or says in a way that makes no sense, is as at the start.
 * @param {string} explorer
 * @param {Control[]} controls
 * @returns {State}
 */
export function readAddress(explorer, controls) {
  const parameters = new URLSearchParams(location.search)
  /** @param {Control} control */
  const read = ({ name, stops, options, start }) => {
    // Several explorers share a page's address; each parameter begins with the explorer's name.
    const text = parameters.get(`${explorer}.${name}`)
    if (text === null) return start
    if (options) return options.some(([value]) => value === text) ? text : start
    if (stops) return text.trim() === "" || Number.isNaN(Number(text)) ? start : stops[nearest(stops, Number(text))]
    return text === "1" ? true : text === "0" ? false : start
  }
  return Object.fromEntries(controls.map(control => [control.name, read(control)]))
}

/**
 * Writes into the address what differs from the start.
 * @param {string} explorer
 * @param {Control[]} controls
 * @param {State} state
 */
export function writeAddress(explorer, controls, state) {
  const address = new URL(location.href)
  for (const { name, start } of controls) {
    const key = `${explorer}.${name}`, value = state[name]
    if (value === start) address.searchParams.delete(key)
    else address.searchParams.set(key, typeof value === "boolean" ? String(Number(value)) : String(value))
  }
  // A link to this state leads to the figure, unless the address holds a snippet's code.
  if (!address.hash.startsWith("#wi-code=")) address.hash = `figure-${explorer.replaceAll("_", "-")}`
  if (address.href !== location.href) history.replaceState(history.state, "", address)
}

/**
 * Connects the controls in `root` with the state.
 * @param {HTMLElement} root
 * @param {Control[]} controls
 * @param {State} state
 * @param {(change: State) => void} onChange  Called with what the reader has chosen anew.
 */
export function connectControls(root, controls, state, onChange) {
  const inputs = controls.map(control => {
    const input = find(root, `[data-control="${control.name}"]`)
    if (!(input instanceof HTMLInputElement || input instanceof HTMLSelectElement)) throw new Error(control.name)
    const typed = /** @type {HTMLInputElement | null} */ (root.querySelector(`[data-typed="${control.name}"]`))
    return { control, input, typed }
  })
  // Only inputs whose value has changed are written: a frame has 16 ms.
  /** What the inputs show. @type {State} */
  const shown = {}

  root.addEventListener("input", ({ target }) => {
    const found = inputs.find(({ input }) => input === target)
    if (!found) return
    const { control: { name, stops }, input } = found
    const value = stops ? stops[Number(input.value)] : input instanceof HTMLSelectElement ? input.value : input.checked
    onChange({ [name]: value })
  })

  // A finger that lands on a slider moves it, and may yet turn out to scroll the page: then the slider goes back.
  /** @type {{ input: HTMLInputElement, value: string, change: State } | undefined} */
  let held
  root.addEventListener("pointerdown", ({ target, pointerType }) => {
    const found = inputs.find(({ input, control }) => input === target && control.stops)
    held = undefined
    if (found?.input instanceof HTMLInputElement && pointerType === "touch") {
      const { input, control: { name } } = found
      held = { input, value: input.value, change: { [name]: state[name] } }
    }
  })
  root.addEventListener("pointercancel", () => {
    if (!held) return
    held.input.value = held.value
    onChange(held.change)
  })

  /**
   * Takes a number that was typed, and goes so many stops further. What is no number is left out.
   * @param {EventTarget | null} target
   * @param {number} step
   */
  function takeTyped(target, step) {
    const found = inputs.find(({ typed }) => typed && typed === target)
    if (!found?.typed || !found.control.stops) return false
    const { control: { name, stops }, typed } = found
    // A comma is a decimal point in many languages, and our own minus sign may have been copied.
    const text = typed.value.trim(), value = Number(text.replace("−", "-").replace(",", "."))
    const from = nearest(stops, text === "" || Number.isNaN(value) ? Number(state[name]) : value)
    const stop = stops[Math.min(Math.max(from + step, 0), stops.length - 1)]
    typed.value = written(stop)
    onChange({ [name]: stop })
    return true
  }
  root.addEventListener("change", event => takeTyped(event.target, 0))
  root.addEventListener("keydown", event => {
    // The arrow keys step through the stops, as they do in a field of type "number".
    const step = { ArrowUp: 1, ArrowDown: -1, Enter: 0 }[event.key]
    if (step !== undefined && takeTyped(event.target, step)) event.preventDefault()
  })

  return {
    /** Shows the state in the inputs, but for the fields of typed numbers. */
    show() {
      for (const { control: { name, stops }, input } of inputs) {
        const value = state[name]
        if (value === shown[name]) continue
        shown[name] = value
        if (stops) {
          input.setAttribute("aria-valuetext", written(value))
          input.value = String(nearest(stops, Number(value)))
        } else if (input instanceof HTMLSelectElement) input.value = String(value)
        else input.checked = Boolean(value)
      }
    },
    /** Shows the state in the fields of typed numbers, but for the one that is being edited. */
    showTyped() {
      for (const { control: { name }, typed } of inputs)
        if (typed && typed !== document.activeElement) typed.value = written(state[name])
    },
  }
}
