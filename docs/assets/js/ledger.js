// The ledger's form: shows the claims with these words, of this chapter, with this verdict, and keeps the choice in the
// address.
import { find } from "./code.js"

const form = /** @type {HTMLFormElement} */ (find(document, ".wi-filters"))
const count = find(form, "output")
/** @type {NodeListOf<HTMLDetailsElement>} */
const chapters = document.querySelectorAll(".wi-claims")
const rows = [...chapters].flatMap(chapter =>
  [.../** @type {NodeListOf<HTMLElement>} */ (chapter.querySelectorAll("tbody tr:not(.wi-ledger__group)"))]
    .map(row => ({ row, chapter, words: `${row.id} ${row.textContent}`.toLowerCase() })))
const all = count.textContent
const NAMES = ["words", "chapter", "verdict"]

/** @param {string} name */
const field = name => /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name))

/** Shows the rows that the form asks for. */
function narrow() {
  const words = field("words").value.toLowerCase().split(/\s+/).filter(Boolean)
  const page = field("chapter").value, verdict = field("verdict").value
  const asked = words.length > 0 || page !== "" || verdict !== ""
  let shown = 0
  for (const { row, chapter, words: has } of rows) {
    row.hidden = !words.every(word => has.includes(word)) || (page !== "" && chapter.dataset.page !== page)
      || (verdict !== "" && row.dataset.verdict !== verdict)
    shown += Number(!row.hidden)
  }
  for (const chapter of chapters) {
    // A statement stands above its claims, and goes with the last of them.
    let any = false
    for (const row of [...chapter.querySelectorAll("tbody tr")].reverse()) {
      if (!(row instanceof HTMLElement)) continue
      if (row.classList.contains("wi-ledger__group")) [row.hidden, any] = [!any, false]
      else any ||= !row.hidden
    }
    const here = rows.filter(one => one.chapter === chapter)
    const left = here.filter(({ row }) => !row.hidden).length
    chapter.hidden = !left
    const claims = `${here.length} claim${here.length > 1 ? "s" : ""}`
    find(chapter, "small").textContent = left < here.length ? `${left} of ${claims}` : claims
    chapter.open = asked && !chapter.hidden
  }
  count.textContent = asked ? `${shown} of ${all}` : all
}

/** Writes what the form asks for into the address. */
function keep() {
  const address = new URL(location.href)
  for (const name of NAMES) {
    if (field(name).value) address.searchParams.set(name, field(name).value)
    else address.searchParams.delete(name)
  }
  history.replaceState(history.state, "", address)
}

/** Unfolds the chapter of the row that the address names. */
function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const chapter = /** @type {HTMLDetailsElement | null | undefined} */ (row?.closest(".wi-claims"))
  if (!row || !chapter) return
  row.hidden = chapter.hidden = false
  chapter.open = true
  row.scrollIntoView()
}

const given = new URLSearchParams(location.search)
for (const name of NAMES) {
  field(name).value = given.get(name) ?? ""
  if (!field(name).value) field(name).value = "" // what is no choice of a select would leave it empty
}
form.addEventListener("input", () => { narrow(); keep() })
form.addEventListener("submit", event => event.preventDefault())
addEventListener("hashchange", reveal)
if (NAMES.some(name => field(name).value)) narrow()
reveal()
