// The form of the page Diagnose. It reads its fields and a reader's file, asks Python in a room of its own, and shows
// the answer. It computes nothing. Fields and address are values and never code: what is no value is refused at its
// field, in words, and then nothing is asked. A file goes into the room and nowhere else.

import { copied, find } from "../code.js"
import { Ended, Room } from "./room.js"

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Found} Found
 * @typedef {import("../explorers/shared/chart.js").Range} Range
 * @typedef {HTMLInputElement | HTMLSelectElement} Field
 * @typedef {{ field: Field, value: string | number | boolean }} Entry  A field that says something.
 */

const form = /** @type {HTMLFormElement} */ (find(document, ".wi-form"))
const button = find(form, "[type=submit]"), stop = find(form, "[data-wi-stop]"), remove = find(form, "[data-wi-remove]")
const result = find(form, ".wi-form__result"), status = find(result, "[role=status]"), rest = find(result, "div + div")
const chosen = /** @type {HTMLInputElement} */ (find(form, "[type=file]"))
// Larger networks take too long in a page, or too much memory; and so do larger files.
const MOST_LAYERS = 1000, MOST_UNITS = 10000, MOST_BYTES = 400e6
/** Fields whose value in the address is no choice of theirs. @type {Map<Field, string>} */
const unknown = new Map()

const styles = document.createElement("link")
styles.rel = "stylesheet"
styles.href = new URL("../../css/diagnose.css", import.meta.url).href
document.head.append(styles)

/** The value of a field is refused; the message tells the reader why. */
class Refusal extends Error {}

/** @param {string} text */
const shorten = text => text.length > 40 ? `${text.slice(0, 40)}…` : text

/**
 * The field of that name.
 * @param {string} name
 */
const field = name => /** @type {Field} */ (form.elements.namedItem(name))

/** The fields that say something now: of a file, its own widths and weights stand in the place of theirs. */
const fields = () => [...form.elements]
  .filter(element => element instanceof HTMLInputElement || element instanceof HTMLSelectElement)
  .filter(({ name, disabled, type }) => name && !disabled && type !== "file")

/** What the choice of a structure says, by the names of a description. */
const structure = () => new URLSearchParams(field("structure").value)

/**
 * What a field says, or null where it is as it would be anyway.
 * @param {Field} field
 * @throws {Refusal} for what is no value.
 */
function read(field) {
  const odd = unknown.get(field)
  if (odd !== undefined) throw new Refusal(`The address says “${shorten(odd)}”, which cannot be chosen here.`)
  const value = field.value.trim(), { kind, standard } = field.dataset
  if (field.name === "widths") return widths(value)
  if (value === "" || value === standard || field.name === "structure") return null // see `structure`
  if (field.name === "branch" && !structure().has("residual"))
    throw new Refusal("Only residual blocks have branches. Choose them above, or leave 1 here.")
  return kind === "number" ? number(/** @type {HTMLInputElement} */ (field), value) : value
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
  if (Number.isFinite(value) && within) return value
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
  const parts = text.split(/[,\s]+/).filter(Boolean)
  for (const part of parts) {
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
  const hidden = units.slice(1, -1), says = structure()
  if (says.has("residual") && (hidden.length < 3 || hidden.length % 2 === 0 || new Set(hidden).size > 1))
    throw new Refusal("Residual blocks of two layers need one width between input and output, an odd number of times "
      + "and at least three, such as 64, 128x13, 10.")
  if (says.has("normalization") && hidden.includes(1))
    throw new Refusal("A normalization over units needs at least two of them in each hidden layer.")
  return parts.join(",")
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
  // A field's help has its own id in this attribute.
  const help = (field.getAttribute("aria-describedby") ?? "").split(" ").filter(other => other !== id)
  if (why) {
    field.setAttribute("aria-invalid", "true")
    help.unshift(id)
    field.after(make("strong", { id }, why))
  }
  field.setAttribute("aria-describedby", help.join(" "))
}

/**
 * What the fields say, or null if a value is refused. What is wrong is shown at those fields that `shows` names, and at
 * those where something was shown before.
 * @param {(field: Field) => boolean} shows
 */
function readAll(shows) {
  /** @type {Entry[]} */
  const entries = []
  let whole = true
  for (const field of fields()) {
    let why = ""
    try {
      const value = read(field)
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
 * Writes what the fields say into the address, so that it can be kept and sent. A file is in no address.
 * @param {Entry[] | null} entries
 */
function writeAddress(entries) {
  if (chosen.files?.length) return history.replaceState(null, "", location.pathname + location.search)
  if (!entries) return
  // Widths are the first field, and the page knows such an address by them.
  const said = entries.map(({ field }) => [field.name, field.value.trim()])
  history.replaceState(null, "", `#${new URLSearchParams([...said, ...structure()])}`)
}

/**
 * Fills the form from an address, and diagnoses. Names that are no field's are left out.
 * @param {string} text
 */
export function open(text) {
  const address = new URLSearchParams(text)
  form.reset()
  prepare()
  unknown.clear()
  for (const field of fields()) {
    // A choice of structures says one or two of the names of a description.
    const isStructure = field.name === "structure"
    const value = isStructure ? said(address, ["normalization", "residual"]) : address.get(field.name)
    if (value === null) continue
    // The values that the field could have; a text field takes any text here, and `read` judges it.
    const choices = field instanceof HTMLSelectElement ? [...field.options].map(option => option.value) : [value]
    if (choices.includes(value)) field.value = value
    else unknown.set(field, value)
  }
  return submit()
}

/**
 * The part of an address that says these names, in this order, or null if it says none.
 * @param {URLSearchParams} address
 * @param {string[]} names
 */
function said(address, names) {
  const part = names.filter(name => address.has(name)).map(name => [name, address.get(name) ?? ""])
  return part.length ? String(new URLSearchParams(part)) : null
}

/** Lets the reader fill in what goes with a file, or without one. */
function prepare() {
  const [file] = chosen.files ?? []
  for (const name of ["widths", "scheme", "gain", "sigma_b"]) field(name).disabled = Boolean(file)
  for (const name of ["layers", "order"]) field(name).disabled = !file
  for (const one of form.querySelectorAll("[aria-invalid]:disabled")) mark(/** @type {Field} */ (one), "")
  remove.hidden = !file
}

/**
 * Takes the change of a field.
 * @param {EventTarget | null} target
 * @param {boolean} left  Whether the field was left, so that what is wrong with it is shown.
 */
export function change(target, left) {
  const changed = /** @type {Field} */ (target)
  unknown.delete(changed)
  stale = true
  if (result.dataset.wiState) result.dataset.wiStale = ""
  if (changed === chosen) {
    // A browser reports the choice of a file twice, as the text of a field that was left.
    if (left) takeFile()
    return
  }
  writeAddress(readAll(other => left && other === changed))
}

/** Diagnoses the file that was chosen or dropped, if one was. */
function takeFile() {
  prepare()
  writeAddress(readAll(() => false))
  if (chosen.files?.length) return submit()
}

/**
 * Does what a button of the form is for.
 * @param {HTMLButtonElement} pressed
 */
export function press(pressed) {
  if (pressed === stop) room?.end(new Ended("Stopped. Python starts afresh with the next press."))
  else if (pressed === remove) {
    chosen.value = ""
    change(chosen, true)
    chosen.focus()
  } else if (pressed.value) return open(pressed.value)
}

let busy = false // a diagnosis runs
let stale = false // the fields have changed since it began
let again = false // and another one was asked for
/** @type {Room | undefined} */
let room

/** Diagnoses what the form says, or goes to the first field that is refused. */
export async function submit() {
  const entries = readAll(() => true)
  writeAddress(entries)
  if (!entries) {
    const wrong = find(form, "[aria-invalid]"), folded = wrong.closest("details")
    if (folded && !folded.open) {
      folded.open = true
      // WebKit focuses nothing in it before it is drawn.
      await new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)))
    }
    return wrong.focus()
  }
  if (busy) {
    again = true
    return
  }
  busy = true
  stale = again = false
  const focused = document.activeElement
  button.setAttribute("aria-disabled", "true")
  stop.hidden = false
  try {
    show("busy", "Loading Python …")
    await ask(Object.fromEntries([...entries.map(({ field, value }) => [field.name, value]), ...structureOf()]))
  } catch (error) {
    if (!(error instanceof Ended)) throw error
    show("error", error.message)
  } finally {
    busy = false
    button.textContent = "Diagnose"
    button.removeAttribute("aria-disabled")
    if (document.activeElement === stop || focused === stop) button.focus()
    stop.hidden = true
  }
  if (again) await submit()
}

/** The choice of a structure, as a description has it. */
const structureOf = () => [...structure()].map(([name, value]) => [name, name === "residual" || value])

/**
 * Asks Python, and shows the answer.
 * @param {Record<string, string | number | boolean>} values
 */
async function ask(values) {
  const [file] = chosen.files ?? []
  if (file && file.size > MOST_BYTES) {
    throw new Ended(`${file.name} has ${(file.size / 1e6).toFixed(0)} MB, and this page reads at most `
      + `${MOST_BYTES / 1e6}. The command in a terminal reads more.`)
  }
  // It is read anew for each run, in whose room it stays.
  const bytes = await file?.arrayBuffer().catch(() => {
    throw new Ended(`${file.name} could not be read. Choose it again.`)
  })
  room = room?.alive ? room : new Room()
  button.textContent = room.here ? "Running …" : "Loading Python …"
  const { answer } = await room.run({
    fields: values, ...(bytes ? { file: { name: file.name.replaceAll("/", "_"), bytes } } : {}),
  }, {
    loading: () => {},
    progress: ({ bytes, all }) => {
      button.textContent = bytes < all
        ? `Loading Python: ${(bytes / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB` : "Starting Python …"
    },
    running: () => {
      button.textContent = "Running …"
      show("busy", "Running …")
    },
    show: () => {},
  })
  /** @type {Found} */
  let found
  try {
    found = JSON.parse(answer ?? "")
  } catch {
    throw new Ended("Python's answer could not be read. Press the button again.")
  }
  if (found.refused) {
    // What a reader can say of a file stands in the folded part.
    if (file) /** @type {HTMLDetailsElement} */ (find(form, "details")).open = true
    return show("error", found.refused)
  }
  show(found.ok ? "ok" : "bad", found.verdict, ...found.also)
  if (stale) result.dataset.wiStale = ""
  const meaning = found.meaning.map(([word, clause]) => make("p", {}, make("b", {}, word), `: ${clause}.`))
  const notes = found.notes.map(note => make("p", {}, note))
  rest.replaceChildren(...meaning, ...cure(found), ...notes, ...table(found))
  if (found.chart) await draw(found, found.chart)
  // In sight, from its beginning, and without the form, where it is larger than the window.
  status.scrollIntoView({ block: "nearest" })
}

/**
 * Shows a state under the button, which is announced; what stood below is gone.
 * @param {string} state  busy, ok, bad or error.
 * @param {string[]} sentences
 */
function show(state, ...sentences) {
  for (const chart of charts.splice(0)) chart.plot.destroy()
  result.dataset.wiState = state
  delete result.dataset.wiStale
  status.replaceChildren(...sentences.map(sentence => make("p", {}, sentence)))
  rest.replaceChildren()
  status.scrollIntoView({ block: "nearest" })
}

/**
 * An element. Its children are elements and text, which is never read as markup.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(string | Element)[]} children
 */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/**
 * The change that helps most, with code for it.
 * @param {Found} found
 */
function cure({ cure }) {
  if (!cure) return []
  if (!cure.change) return [make("p", {}, "None of the changes that were tried helps.")]
  const parts = [
    make("h3", {}, "What helps most"),
    make("p", {}, `${cure.change}.`),
    make("p", {}, `With it: ${cure.outcome}`),
  ]
  if (cure.fields) {
    const value = String(new URLSearchParams(cure.fields))
    parts.push(make("button", { type: "button", value }, "Put it into the form, and diagnose"))
  }
  // One is open at a time, since they share a name.
  for (const [k, [library, code]] of Object.entries(cure.code).entries()) {
    const copy = make("button", { type: "button", "aria-label": `Copy the code for ${library}` }, "Copy")
    copy.addEventListener("click", async () => {
      copy.textContent = await copied(code) ? "Copied" : "Not copied"
    })
    const block = make("pre", {}, make("code", { tabindex: "0" }, code))
    parts.push(make("details", { name: "wi-cure", ...(k ? {} : { open: "" }) }, make("summary", {}, library), block,
      copy))
  }
  return parts
}

/**
 * The numbers, folded.
 * @param {Found} found
 */
function table({ name, table: { columns, rows, bad } }) {
  if (!rows.length) return []
  const head = make("tr", {}, ...columns.map(([column]) => make("th", { scope: "col" }, column)))
  const body = rows.map(([first, ...cells], k) => make("tr", bad.includes(k) ? { class: "wi-form__bad" } : {},
    make("th", { scope: "row" }, first), ...cells.map(cell => make("td", {}, cell))))
  const meanings = columns.filter(([, words]) => words)
    .flatMap(([column, words]) => [make("dt", {}, column), make("dd", {}, words)])
  return [make("details", {}, make("summary", {}, "The numbers, row by row"), make("p", {}, name),
    make("div", { class: "wi-form__scroll", tabindex: "0", role: "region", "aria-label": "The numbers, row by row" },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...body))), make("dl", {}, ...meanings))]
}

/** The charts in sight. @type {ReturnType<typeof import("../explorers/shared/chart.js").createChart>[]} */
const charts = []
/** Draws them in the colors of the page as they are now. */
let recolor = () => {}
new MutationObserver(() => recolor()).observe(document.body, { attributeFilter: ["data-md-color-scheme"] })

const LINES = {
  signal: { title: "Signal: rms of each row’s output", color: "blue" },
  gradient: { title: "Gradient at each row, where it is 1 at the output", color: "red" },
}

/**
 * Draws signal and gradient against the rows, above the table.
 * @param {Found} found
 * @param {NonNullable<Found["chart"]>} chart
 */
async function draw({ table: { rows } }, chart) {
  const place = make("div", { class: "wi-form__charts", role: "img" })
  rest.insertBefore(place, rest.querySelector(":scope > details:not([name])"))
  /** @type {string[]} */
  const words = []
  try {
    const [{ createChart, readPalette }, { css }, { formatPower }] = await Promise.all([
      import("../explorers/shared/chart.js"), import("../../vendor/plot.js"), import("../explorers/shared/format.js"),
    ])
    readPalette()
    if (!document.getElementById("wi-plot-style")) document.head.append(make("style", { id: "wi-plot-style" }, css))
    for (const [line, { title, color }] of Object.entries(LINES)) {
      const { theory, simulated } = chart[line], best = (simulated ?? theory).map(decade)
      const panel = make("div", {}, make("b", {}, title), make("div", { class: "wi-explorer__plot" }))
      place.append(panel)
      const all = [...theory ?? [], ...simulated ?? []].map(decade).filter(Number.isFinite)
      /** @type {Range} */
      const y = [Math.floor(Math.min(-0.5, ...all)), Math.ceil(Math.max(0.5, ...all))]
      const x = best.map((_, k) => k + 1)
      const drawn = createChart(panel, {
        name: line, title, y: { range: y, decades: true },
        x: { range: [0.5, x.length + 0.5], whole: true, label: "row, from the input to the output" },
      }, () => {})
      const key = `${line} ${charts.length}`
      /** @type {import("../explorers/shared/chart.js").Drawing} */
      const drawing = { background: { key, paint: painter => {
        if (theory) painter.line(x, theory.map(decade), color, { width: 2 })
        if (simulated) painter.dots(x, simulated.map(decade), color)
      } } }
      drawn.show(drawing, false)
      new ResizeObserver(() => drawn.resize()).observe(panel)
      charts.push(drawn)
      words.push(`The ${line} is ${formatPower(best[0])} at the first row, ${rows[0][0]}, and `
        + `${formatPower(best[best.length - 1])} at the last.`)
    }
    const kinds = { theory: "Lines are theory.", simulated: "Dots are simulated." }
    place.append(make("p", {}, Object.entries(kinds).filter(([kind]) => kind in chart.signal)
      .map(([, sentence]) => sentence).join(" ")))
    recolor = () => {
      readPalette()
      for (const one of charts) one.plot.redraw(false, false)
    }
    place.setAttribute("aria-label", `Charts of signal and gradient, row by row. ${words.join(" ")} `
      + "All numbers are in the table below.")
  } catch (error) {
    console.info(error) // no error of the page: the table has the numbers
    place.replaceWith(make("p", {}, "The charts could not be loaded. The table has their numbers."))
  }
}

/** The power of ten of a size; NaN where there is none. @param {number | null} size */
const decade = size => size === null || size <= 0 ? NaN : Math.log10(size)

prepare()
