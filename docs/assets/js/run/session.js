// The page's side of running Python: one worker a page, its snippets, what they print, their editors, and links to them.

import { source } from "../code.js"

const [key] = document.querySelector("meta[name=wi-runtime]").content.split(" ")
const status = document.querySelector(".wi-all [role=status]")
let failures = 0 // of the editor's script
const LONGEST = 8000 // characters of a link's code, packed, and five times as many unpacked

class Snippet {
  constructor(element) {
    this.element = element
    this.output = element.querySelector("[data-wi-output]")
    this.block = element.querySelector("pre")
    this.exercise = element.closest("[data-wi-exercise]")?.dataset.wiExercise
    this.prompt = element.matches(".language-pycon")
    const text = element.querySelector("code").textContent
    this.original = this.prompt ? source(text) : text
    this.printed = this.prompt ? printed(text) : shownAfter(element)
    this.ran = false
  }

  get code() { return this.editor?.code() ?? this.original }
  button(action) { return this.element.querySelector(`[data-wi-${action}]`) }

  // One editor, however often it is asked for while its script is on the way; the code that was asked for last is in it.
  async edit(code = this.wanted ?? this.original, focus = true) {
    this.wanted = code
    try {
      await (this.opening ??= this.open())
    } catch {
      this.opening = this.wanted = undefined
      failures++ // some browsers remember a script that failed, by its address
      this.say("error", "The editor could not be loaded. Check the connection, then try again.")
      return false
    }
    if (this.editor.code().trimEnd() !== this.wanted.trimEnd()) this.editor.set(this.wanted)
    if (focus) this.editor.focus()
    return true
  }

  async open() {
    const button = this.button("edit")
    button.textContent = "Loading …"
    try {
      const { editor } = await import(`../../vendor/editor.js${failures ? `?${failures}` : ""}`)
      this.block.hidden = true
      const place = document.createElement("div")
      place.className = "wi-editor"
      this.block.after(place)
      this.editor = editor(place, {
        code: this.wanted, label: `Code of snippet ${snippets.indexOf(this) + 1}`,
        run: () => run(this), changed: () => { this.ran = false },
      })
      button.hidden = true
      this.button("reset").hidden = false
    } finally {
      button.textContent = "Edit"
    }
  }

  reset() {
    this.editor?.remove()
    this.element.querySelector(".wi-editor")?.remove()
    this.editor = this.opening = this.wanted = undefined
    this.block.hidden = false
    this.ran = false
    this.button("edit").hidden = false
    this.button("reset").hidden = true
    this.say("idle")
    this.output.hidden = true
    this.button("run").focus()
    if (location.hash.startsWith("#wi-code=")) history.replaceState(null, "", location.pathname + location.search)
  }

  // Say how it stands. `told`, where there is one, is told too, with what was found, and says it aloud in this one's place.
  say(state, words = "", found = {}) {
    const busy = state === "loading" || state === "running"
    const focused = document.activeElement === this.button("run") || document.activeElement === this.button("stop")
    this.output.dataset.wiState = state
    this.output.hidden = false
    this.button("run").hidden = busy
    this.button("stop").hidden = !busy
    if (focused) this.button(busy ? "stop" : "run").focus()
    if (!this.output.firstChild)
      this.output.innerHTML = '<p></p><progress max="1" hidden aria-label="Loading Python"></progress><div></div>'
    const said = this.output.querySelector("p")
    said.setAttribute("role", this.told ? "none" : "status")
    said.textContent = words
    this.output.querySelector("progress").hidden = state !== "loading"
    this.told?.(state, words, found)
  }

  loads(name, bytes, all) {
    const words = `Loading ${name}: ${(bytes / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`
    this.output.querySelector("progress").value = bytes / all
    this.output.querySelector("p").textContent = words
    this.told?.("loading", words, { part: bytes / all })
  }

  clear() {
    this.got = ""
    this.output.querySelector("div")?.replaceChildren()
    this.editor?.mark(null)
  }

  async show(kind, text) {
    if (kind === "out" || kind === "shown") this.got += text
    if (kind === "shown") return
    const place = this.output.querySelector("div")
    if (kind === "html") {
      const figure = document.createElement("div")
      place.append(figure)
      const { clean } = await import("../../vendor/clean.js")
      figure.append(clean(text))
      return
    }
    let last = place.lastElementChild
    if (last?.dataset.kind !== kind) {
      last = document.createElement("pre")
      last.dataset.kind = kind
      last.tabIndex = 0
      last.setAttribute("role", "region")
      last.ariaLabel = kind === "err" ? "Warnings" : "Live output"
      place.append(last)
    }
    last.append(text)
  }

  finish({ problem, seconds, verdict }) {
    if (this.told && problem?.refusal) return this.say("error", problem.refusal)
    if (problem) {
      const where = problem.line ? `  line ${problem.line}: ${problem.source}\n` : ""
      this.show("out", `Traceback (most recent call last):\n${where}${problem.message}\n`)
    }
    const took = seconds < 0.095 ? "" : `, ${seconds.toFixed(1)} s`
    const same = bare(this.got) === bare(this.printed)
    this.ran = !problem || same
    if (this.told && problem) this.say("error", `Python stopped: ${problem.message}.`)
    else if (verdict) this.say(verdict.right ? "ok" : "differs", verdict.words, { verdict })
    else if (this.exercise && !problem) this.say("ok", `Live${took}.`)
    else if (same) this.say("ok", `Live${took}: ${this.printed ? "the same as printed" : "nothing to print, as expected"}.`)
    else if (problem) {
      this.editor?.mark(problem.line)
      this.say("error", problem.line ? `Live: it stopped at line ${problem.line}.` : "Live: it stopped.")
    } else this.say("differs", this.editor ? `Live, from your code${took}: not what is printed here.` : `Live${took}: it differs from what is printed above.`)
  }
}

// What a chapter prints, and what stands below a lab's cell: text, and what a picture says of itself.
function printed(text) {
  return text.split("\n").filter(line => !/^(>>>|\.\.\.)( |$)/.test(line)).map(line => line === "<BLANKLINE>" ? "" : line).join("\n")
}

function shownAfter(element) {
  let text = ""
  for (let next = element.nextElementSibling; next; next = next.nextElementSibling) {
    if (next.matches(".wi-output")) text += next.querySelector("code").textContent
    else if (next.matches("figure.wi-figure")) text += `Picture: ${next.querySelector("svg").getAttribute("aria-label")}\n`
    else break
  }
  return text
}

// As doctest compares: of a traceback only its last line counts.
const bare = text => text.replace(/^(Traceback.*:)\n(?: .*\n)*/gm, "$1\n").trimEnd()

const snippets = [...document.querySelectorAll("[data-wi-snippet]")].map(element => new Snippet(element))
const of = element => snippets.find(snippet => snippet.element.contains(element))
export const snippetIn = element => snippets.find(snippet => element.contains(snippet.element))

// The worker, started by the first run and again after it was ended; the snippet that runs, and the one whose turn is awaited.
let worker, running, awaited, settle
const watched = () => new Set([running, awaited].filter(Boolean))

function begin() {
  const address = new URL("worker.js", import.meta.url)
  address.searchParams.set("v", key)
  worker = new Worker(address, { type: "module" })
  worker.onerror = event => { event.preventDefault(); give("ended", `worker.js could not be loaded${event.message ? `: ${event.message}` : ""}. Check the connection, then press Run again.`) }
  worker.onmessage = ({ data }) => {
    if (data.failed) return give("ended", data.failed)
    if (!running) return
    if (data.progress) {
      const { name, bytes, all } = data.progress
      for (const snippet of watched()) snippet.loads(name, bytes, all)
    } else if (data.loading) for (const snippet of watched()) snippet.say("loading", `Loading ${data.loading} …`)
    else if (data.running) for (const snippet of watched()) snippet.say("running", "Running …")
    else if (data.pieces) for (const [kind, text] of data.pieces) running.show(kind, text)
    else if (data.done) give("done", data.done)
    else if (data.ended) give("ended", data.ended)
  }
}

// End the run in hand: `done`, `ended` (Python is gone too), or `stopped` (the reader ended it).
function give(how, what) {
  if (how !== "done") {
    worker?.terminate()
    worker = undefined
    for (const snippet of snippets) snippet.ran = false
  }
  const ended = how === "done" ? [running] : watched()
  running = undefined
  for (const snippet of ended) {
    if (how === "done") snippet.finish(what)
    else snippet.say(how === "ended" ? "error" : "stopped", what)
  }
  settle?.(how)
}

function execute(snippet) {
  running = snippet
  snippet.say(worker ? "running" : "loading", worker ? "Running …" : "Loading Python …")
  snippet.clear()
  if (!worker) begin()
  return new Promise(resolve => {
    settle = resolve
    worker.postMessage({ code: snippet.code, prompt: snippet.prompt, alone: !!snippet.exercise, check: snippet.exercise })
  })
}

let queue = Promise.resolve(), stopped = false

// Run a snippet after those above it that have not run yet; an exercise stands alone.
export function run(snippet) {
  const above = snippets.slice(0, snippets.indexOf(snippet)).filter(other => !other.exercise)
  return enqueue(() => snippet.exercise ? [snippet] : [...above.filter(other => !other.ran), snippet], snippet)
}

function enqueue(chosen, last) {
  queue = queue.then(async () => {
    stopped = false
    awaited = last
    awaited?.clear()
    for (const snippet of chosen()) {
      if (snippet !== awaited) awaited?.say(worker ? "running" : "loading", "The snippets above run first …")
      if (await execute(snippet) !== "done" || stopped) break
    }
    awaited = undefined
  })
  return queue
}

async function runAll() {
  const all = snippets.filter(snippet => !snippet.exercise)
  await enqueue(() => all)
  const same = all.filter(snippet => snippet.output.dataset.wiState === "ok").length
  status.textContent = `${same} of ${all.length} snippets give what is printed here.`
}

export async function press(button) {
  const snippet = of(button)
  if ("wiRunAll" in button.dataset) await runAll()
  else if ("wiRun" in button.dataset) await run(snippet)
  else if ("wiEdit" in button.dataset) await snippet.edit()
  else if ("wiReset" in button.dataset) snippet.reset()
  else if ("wiShare" in button.dataset) await share(snippet)
  else if ("wiStop" in button.dataset) {
    stopped = true
    give("stopped", "Stopped. Python starts afresh with the next run.")
  }
}

// A link's code stands in the fragment, which no server sees: the snippet's number, and the code, packed.
async function share(snippet) {
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(snippet.code))
  const text = btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  if (text.length > LONGEST) return snippet.say(snippet.output.dataset.wiState, "This code is too long for a link.")
  history.replaceState(null, "", `#wi-code=${snippets.indexOf(snippet) + 1}.${text}`)
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false)
  snippet.say(snippet.output.dataset.wiState, copied ? "The link is copied. It opens this page with this code." : "The link is in the address bar. It opens this page with this code.")
}

export async function open(hash) {
  const [, number, text] = /^#wi-code=(\d{1,3})\.([\w-]+)$/.exec(hash) ?? []
  const snippet = snippets[number - 1]
  if (!snippet || text.length > LONGEST) return
  let code
  try {
    const packed = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), letter => letter.charCodeAt(0))
    code = new TextDecoder("utf-8", { fatal: true }).decode(await through(new DecompressionStream("deflate-raw"), packed))
  } catch {
    return // not a link of ours
  }
  await snippet.edit(code)
  snippet.say("idle", "This code came with the link. It has not run. Reset brings the page's own back.")
  snippet.element.scrollIntoView({ block: "center" })
}

async function through(transform, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader()
  const parts = []
  for (let length = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer())
    parts.push(value)
    if ((length += value.length) > 5 * LONGEST) throw new RangeError("too long")
  }
}
