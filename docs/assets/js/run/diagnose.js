// The form of the page Diagnose. It writes a description into the cell below it, and the address; it computes nothing.

import { snippetIn } from "./session.js"

const form = document.querySelector(".wi-form")
const snippet = snippetIn(document.querySelector("[data-wi-exercise^='diagnose/']"))
const DESCRIPTION = /("""\n)[^]*?(""")/

// A field's value as TOML, or null where it is as it would be anyway.
function toml(field) {
  if (field.type === "checkbox") return field.checked ? "true" : null
  const value = field.value.trim()
  if (value === "" || value === field.dataset.default) return null
  if (field.dataset.kind === "text") return JSON.stringify(value)
  if (field.dataset.kind === "number") return value
  const widths = value.split(/[,\s]+/).filter(Boolean).flatMap(part => {
    const [, width, times] = /^(\d+)x(\d{1,3})$/.exec(part) ?? []
    return times ? Array(Number(times)).fill(width) : [part]
  })
  return `[${widths.join(", ")}]`
}

const fields = () => [...form.elements].filter(field => field.name && !field.name.startsWith("_"))

async function write() {
  const lines = fields().map(field => [field.name, toml(field)]).filter(([, value]) => value !== null)
  let code = snippet.original.replace(DESCRIPTION, (_, begin, end) => begin + lines.map(([name, value]) => `${name} = ${value}\n`).join("") + end)
  if (form.elements._draw.checked) code += "\nfrom wi_docs.figures.diagnosis import picture\n\npicture(found)\n"
  await snippet.edit(code, false)
  const state = new URLSearchParams(lines.map(([name]) => {
    const field = form.elements[name]
    return [name, field.type === "checkbox" ? "1" : field.value.trim()]
  }))
  history.replaceState(null, "", `#${state}`)
}

// What the address says, as far as it is ours: an unknown name or a choice that is none is left out.
export async function read() {
  const state = new URLSearchParams(location.hash.slice(1))
  if (!state.has("widths")) return
  const { value: example } = form.elements._example
  form.reset()
  form.elements._example.value = example
  for (const field of fields()) {
    const value = state.get(field.name)
    if (value === null || value.length > 2000) continue
    if (field.type === "checkbox") field.checked = value === "1"
    else if (field.tagName !== "SELECT" || [...field.options].some(option => option.value === value)) field.value = value
  }
  await write()
}

export async function changed(field) {
  if (field.name !== "_example") await write()
  else if (field.value) location.hash = field.value
}

export async function submitted() {
  await write()
  snippet.button("run").click()
}
