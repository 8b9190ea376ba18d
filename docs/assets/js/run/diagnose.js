// The form of the page Diagnose. It writes a description into the cell below it, and the address; it computes nothing. What
// stands in a field, or in the address, becomes values: what is none is refused at its field, and then nothing is written.

import { run, snippetIn } from "./session.js"

const form = document.querySelector(".wi-form")
const button = form.querySelector("button")
const result = form.querySelector(".wi-form__result")
const snippet = snippetIn(document.querySelector("[data-wi-exercise^='diagnose/']"))
const DESCRIPTION = /("""\n)[^]*?(""")/
const MOST = { layers: 1000, units: 10000 }
const unknown = new Map() // fields whose value in the address is no choice of theirs

class Refusal extends Error {}
const short = text => text.length > 40 ? `${text.slice(0, 40)}…` : text

// A field's value as TOML, or null where it is as it would be anyway. Throws a Refusal, in words, for what is no value.
function toml(field) {
  if (unknown.has(field)) throw new Refusal(`The address says “${short(unknown.get(field))}”, which cannot be chosen here.`)
  if (field.type === "checkbox") return field.checked ? "true" : null
  const value = field.value.trim()
  if (field.name !== "widths" && (value === "" || value === field.dataset.default)) return null
  if (field.tagName === "SELECT") return JSON.stringify(value)
  return field.dataset.kind === "number" ? number(field, value) : widths(value)
}

function number({ dataset: { above, least, below } }, text) {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  if (Number.isFinite(value) && !(value <= above) && !(value < least) && !(value >= below)) return String(value)
  const range = below ? `from ${least} to less than ${below}` : above ? `above ${above}` : `that is ${least} or more`
  throw new Refusal(`Write a number ${range}, not “${short(text)}”.`)
}

function widths(text) {
  const such = "Write the widths from input to output, such as 64, 128x12, 10"
  if (text === "") throw new Refusal(`${such}.`)
  const units = []
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    const [, width, times = "1"] = /^([1-9]\d*)(?:x([1-9]\d*))?$/.exec(part) ?? []
    if (!width) throw new Refusal(`${such}. “${short(part)}” is no width.`)
    if (Number(width) > MOST.units) throw new Refusal(`“${short(part)}” is too wide for this page: at most ${MOST.units} units.`)
    if (units.length + Number(times) > MOST.layers) throw new Refusal(`“${short(part)}” is too deep for this page: at most ${MOST.layers} layers.`)
    units.push(...Array(Number(times)).fill(Number(width)))
  }
  if (units.length < 2) throw new Refusal(`${such}: at least two.`)
  return `[${units.join(", ")}]`
}

const fields = () => [...form.elements].filter(field => field.name && !field.name.startsWith("_"))

// Say beside a field why its value is none, or take back what was said.
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
  field.closest("div").append(words)
}

// The lines of the description, or null if a field has no value. Which of the fields are told, `told` says; those that were
// told before are told anew.
function lines(told) {
  const found = []
  let whole = true
  for (const field of fields()) {
    let why = ""
    try {
      const value = toml(field)
      if (value !== null) found.push([field, value])
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      why = error.message
      whole = false
    }
    if (!why || told(field) || field.ariaInvalid) mark(field, why)
  }
  return whole ? found : null
}

// Write what the fields say into the cell and the address, if each has a value. Returns whether they have, and the cell has it.
async function write(told) {
  const found = lines(told)
  if (!found) return false
  let code = snippet.original.replace(DESCRIPTION, (_, begin, end) => begin + found.map(([{ name }, value]) => `${name} = ${value}\n`).join("") + end)
  if (form.elements._draw.checked) code += "\nfrom wi_docs.pages.figures.diagnosis import picture\n\npicture(found)\n"
  const state = new URLSearchParams(found.map(([field]) => [field.name, field.type === "checkbox" ? "1" : field.value.trim()]))
  history.replaceState(null, "", `#${state}`)
  return snippet.edit(code, false)
}

// What the address says, as far as it is ours: an unknown name is left out.
export async function read() {
  const state = new URLSearchParams(location.hash.slice(1))
  if (!state.has("widths")) return
  const { value: example } = form.elements._example
  form.reset()
  form.elements._example.value = example
  unknown.clear()
  for (const field of fields()) {
    const value = state.get(field.name)
    if (value === null) continue
    const choices = field.type === "checkbox" ? ["1"] : field.tagName === "SELECT" ? [...field.options].map(option => option.value) : [value]
    if (!choices.includes(value)) unknown.set(field, value)
    else if (field.type === "checkbox") field.checked = true
    else field.value = value
  }
  show()
  await write(() => true)
}

// A field was touched; `left`: it was left, so that what is wrong with it is told.
export async function changed(field, left) {
  if (field.name === "_example") {
    if (left && field.value) location.hash = field.value
    return
  }
  unknown.delete(field)
  stale = true
  show()
  await write(other => left && other === field)
}

let busy = false, stale = false // it runs; its fields have changed since it began

export async function submitted() {
  if (busy) return
  show()
  if (!lines(() => true)) return form.querySelector("[aria-invalid]").focus()
  busy = true
  stale = false
  button.textContent = "Diagnosing …"
  button.setAttribute("aria-busy", "true")
  show("loading", "Loading …")
  snippet.told = show
  try {
    if (await write(() => true)) await run(snippet)
  } finally {
    snippet.told = undefined
    busy = false
    button.textContent = "Diagnose"
    button.removeAttribute("aria-busy")
  }
}

// Show under the button how it stands: what is loaded, the verdict and what helps, or why there is none. Nothing: take it away.
function show(state = "", words = "", { part, verdict } = {}) {
  const [status, progress] = result.children
  if (busy && !state) return
  if (part !== undefined) {
    const loaded = progress.nextElementSibling
    const first = !loaded.textContent
    progress.value = part
    loaded.textContent = words
    if (first) result.scrollIntoView({ block: "nearest" })
    return
  }
  result.dataset.wiState = state
  progress.hidden = state !== "loading"
  progress.nextElementSibling.textContent = ""
  const said = verdict ? [verdict.words, verdict.change && `What helps most: ${verdict.change}.`, verdict.outcome && `Then: ${verdict.outcome}`] : [words]
  if (verdict && stale) said.push("The form has changed since. Press Diagnose again.")
  status.replaceChildren(...said.filter(Boolean).map(sentence => {
    const line = document.createElement("p")
    line.textContent = sentence
    return line
  }))
  if (state) result.scrollIntoView({ block: "nearest" })
}
