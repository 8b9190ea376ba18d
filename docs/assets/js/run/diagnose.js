// The form of the page Diagnose. It writes a description of the network into the snippet below it and into the address;
// it computes nothing. Fields and address are converted to TOML values. A text that is no value is refused at its
// field, and then nothing is written.

import { find } from "../code.js"
import { run, snippetIn } from "./session.js"

/**
 * @typedef {HTMLInputElement | HTMLSelectElement} Field
 * @typedef {{ field: Field, value: string }} Entry  A field that says something, and its value as TOML.
 */

const form = /** @type {HTMLFormElement} */ (find(document, ".wi-form"))
const button = find(form, "button"), result = find(form, ".wi-form__result")
const verdict = find(result, "[role=status]"), loaded = find(result, "progress + p")
const progress = /** @type {HTMLProgressElement} */ (find(result, "progress"))
const snippet = snippetIn(find(document, "[data-wi-exercise^='diagnose/']"))
if (!snippet) throw new Error("the form has no snippet")
const { original } = snippet
// The text between the triple quotes of the snippet, where the description stands.
const DESCRIPTION = /("""\n)[^]*?(""")/
// Larger networks take too long in a page, or too much memory.
const MOST_LAYERS = 1000, MOST_UNITS = 10000
/** Fields whose value in the address is no choice of theirs. @type {Map<Field, string>} */
const unknown = new Map()

/** The value of a field is refused; the message tells the reader why. */
class Refusal extends Error {}

/** @param {string} text */
const shorten = text => text.length > 40 ? `${text.slice(0, 40)}…` : text

/**
 * The field of that name.
 * @param {string} name
 */
const field = name => /** @type {Field} */ (form.elements.namedItem(name))

/** The fields that describe the network. */
const fields = () => [...form.elements]
  .filter(element => element instanceof HTMLInputElement || element instanceof HTMLSelectElement)
  .filter(({ name }) => name && !name.startsWith("_"))

/** @param {Field} field @returns {field is HTMLInputElement & { type: "checkbox" }} */
const isCheckbox = field => field.type === "checkbox"

/**
 * A field's value as TOML, or null where it is as it would be anyway.
 * @param {Field} field
 * @throws {Refusal} for what is no value.
 */
function toml(field) {
  const odd = unknown.get(field)
  if (odd !== undefined) throw new Refusal(`The address says “${shorten(odd)}”, which cannot be chosen here.`)
  if (isCheckbox(field)) return field.checked ? "true" : null
  const value = field.value.trim()
  if (field.name !== "widths" && (value === "" || value === field.dataset.default)) return null
  if (field instanceof HTMLSelectElement) return JSON.stringify(value)
  return field.dataset.kind === "number" ? number(field, value) : widths(value)
}

/**
 * @param {HTMLInputElement} field
 * @param {string} text
 * @throws {Refusal}
 */
function number({ dataset: { above, least, below } }, text) {
  // Number() alone would take "", "0x10" and "Infinity".
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  // A bound that a field lacks is undefined, and NaN as a number: a comparison with it is false, and its negation true.
  const within = !(value <= Number(above)) && !(value < Number(least)) && !(value >= Number(below))
  if (Number.isFinite(value) && within) return String(value)
  const range = below ? `from ${least} to less than ${below}` : above ? `above ${above}` : `that is ${least} or more`
  throw new Refusal(`Write a number ${range}, not “${shorten(text)}”.`)
}

/**
 * @param {string} text
 * @throws {Refusal}
 */
function widths(text) {
  const rule = "Write the widths from input to output, such as 64, 128x12, 10"
  if (text === "") throw new Refusal(`${rule}.`)
  /** @type {number[]} */
  const units = []
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    // 128x12 stands for twelve layers of 128 units.
    const [, width, times = "1"] = /^([1-9]\d*)(?:x([1-9]\d*))?$/.exec(part) ?? []
    if (!width) throw new Refusal(`${rule}. “${shorten(part)}” is no width.`)
    if (Number(width) > MOST_UNITS)
      throw new Refusal(`“${shorten(part)}” is too wide for this page: at most ${MOST_UNITS} units.`)
    if (units.length + Number(times) > MOST_LAYERS)
      throw new Refusal(`“${shorten(part)}” is too deep for this page: at most ${MOST_LAYERS} layers.`)
    units.push(...Array(Number(times)).fill(Number(width)))
  }
  if (units.length < 2) throw new Refusal(`${rule}: at least two.`)
  return `[${units.join(", ")}]`
}

/**
 * Shows at a field why its value is refused, or removes what was shown.
 * @param {Field} field
 * @param {string} why
 */
function mark(field, why) {
  const id = `wi-wrong-${field.name}`
  document.getElementById(id)?.remove()
  field.toggleAttribute("aria-invalid", false)
  field.removeAttribute("aria-describedby")
  if (!why) return
  field.setAttribute("aria-invalid", "true")
  field.setAttribute("aria-describedby", id)
  const words = document.createElement("small")
  words.id = id
  words.textContent = why
  field.closest("div")?.append(words)
}

/**
 * What the fields say, or null if a value is refused. What is wrong is shown at those fields that `shows` names, and at
 * those where something was shown before.
 * @param {(field: Field) => boolean} shows
 */
function read(shows) {
  /** @type {Entry[]} */
  const entries = []
  let whole = true
  for (const field of fields()) {
    let why = ""
    try {
      const value = toml(field)
      if (value !== null) entries.push({ field, value })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      why = error.message
      whole = false
    }
    // A field that is still being typed in is not complained about, unless it was before.
    if (!why || shows(field) || field.ariaInvalid) mark(field, why)
  }
  return whole ? entries : null
}

/**
 * Writes what the fields say into the snippet and the address, if no value is refused.
 * @param {(field: Field) => boolean} shows
 * @returns {Promise<boolean>}  Whether it is in the snippet.
 */
async function write(shows) {
  const entries = read(shows)
  if (!entries || !snippet) return false
  const description = entries.map(({ field: { name }, value }) => `${name} = ${value}\n`).join("")
  // A function, and no string: "$" in a replacement string has a meaning.
  let code = original.replace(DESCRIPTION, (_, begin, end) => begin + description + end)
  const draw = field("_draw")
  if (isCheckbox(draw) && draw.checked)
    code += "\nfrom wi_docs.pages.figures.diagnosis import picture\n\npicture(found)\n"
  // The address says the same as the fields, so that it can be bookmarked and sent.
  const address = new URLSearchParams(
    entries.map(({ field }) => [field.name, isCheckbox(field) ? "1" : field.value.trim()]))
  history.replaceState(null, "", `#${address}`)
  return snippet.edit(code, false)
}

/** Reads the fields from the address. Names that are no field's are left out. */
export async function readAddress() {
  const address = new URLSearchParams(location.hash.slice(1))
  if (!address.has("widths")) return
  const { value: example } = field("_example")
  form.reset()
  field("_example").value = example
  unknown.clear()
  for (const field of fields()) {
    const value = address.get(field.name)
    if (value === null) continue
    // The values that the field could have; a text field accepts any text here, and `toml` judges it.
    const choices = isCheckbox(field) ? ["1"]
      : field instanceof HTMLSelectElement ? [...field.options].map(option => option.value) : [value]
    if (!choices.includes(value)) unknown.set(field, value)
    else if (isCheckbox(field)) field.checked = true
    else field.value = value
  }
  show()
  await write(() => true)
}

/**
 * Takes the change of a field.
 * @param {EventTarget | null} target
 * @param {boolean} left  Whether the field was left, so that what is wrong with it is shown.
 */
export async function change(target, left) {
  const changed = /** @type {Field} */ (target)
  // Choosing an example goes to its address, and `readAddress` fills the form from there.
  if (changed.name === "_example") {
    if (left && changed.value) location.hash = changed.value
    return
  }
  unknown.delete(changed)
  stale = true
  show()
  await write(other => left && other === changed)
}

let busy = false // a diagnosis runs
let stale = false // the fields have changed since it began

/** Diagnoses the network, or goes to the first field that is refused. */
export async function submit() {
  if (busy || !snippet) return
  show()
  if (!read(() => true)) return find(form, "[aria-invalid]").focus()
  busy = true
  stale = false
  button.textContent = "Diagnosing …"
  button.setAttribute("aria-busy", "true")
  show("loading", "Loading …")
  snippet.listener = show
  try {
    if (await write(() => true)) await run(snippet)
  } finally {
    snippet.listener = undefined
    busy = false
    button.textContent = "Diagnose"
    button.removeAttribute("aria-busy")
  }
}

/**
 * Shows a state under the button: what is loaded, the verdict and what helps, or why there is none. Without a state,
 * removes what was shown, unless a diagnosis runs.
 * @param {string} [state]
 * @param {string} [text]
 * @param {import("./session.js").Details} [details]
 */
function show(state = "", text = "", { part, verdict: found } = {}) {
  if (busy && !state) return
  if (part !== undefined) {
    const first = !loaded.textContent
    progress.value = part
    loaded.textContent = text
    if (first) result.scrollIntoView({ block: "nearest" })
    return
  }
  result.dataset.wiState = state
  progress.hidden = state !== "loading"
  loaded.textContent = ""
  const sentences = found
    ? [found.words, found.change && `What helps most: ${found.change}.`, found.outcome && `Then: ${found.outcome}`]
    : [text]
  if (found && stale) sentences.push("The form has changed since. Press Diagnose again.")
  verdict.replaceChildren(...sentences.filter(Boolean).map(sentence => {
    const line = document.createElement("p")
    line.textContent = sentence
    return line
  }))
  if (state) result.scrollIntoView({ block: "nearest" })
}
