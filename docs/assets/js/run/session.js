// Running Python, the page's side: one worker for the page, the snippets with their outputs and editors, links to code.

import { find, source } from "../code.js"

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Answer} Answer
 * @typedef {import("../../../../scripts/vendor/types/messages").Done} Done
 * @typedef {import("../../../../scripts/vendor/types/messages").Run} Run
 * @typedef {import("../../../../scripts/vendor/types/messages").Verdict} Verdict
 * @typedef {import("../../vendor/editor.js").Editor} Editor
 * @typedef {{ part?: number, verdict?: Verdict }} Details  The part of Python that is loaded; what an exercise found.
 * @typedef {(state: string, text: string, details: Details) => void} Listener
 */

// The theme writes a digest of all files that run, and the megabytes, into this element.
const key = document.querySelector("meta[name=wi-runtime]")?.getAttribute("content")?.split(" ")[0] ?? ""
const MAX_LINK = 8000 // characters of a link's code, packed; unpacked it may have five times as many
let editorFailures = 0

export class Snippet {
  /** @type {Editor | undefined} */
  editor
  /** The code that the editor shows once it is open. @type {string | undefined} */
  wantedCode
  /** @type {Promise<void> | undefined} */
  opening
  /** What it has printed in the last run. */
  printedLive = ""
  /** Whether its names stand in Python's namespace. */
  ran = false
  /** Is told of each state, and announces it in the place of the snippet's own status. @type {Listener | undefined} */
  listener

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element
    this.output = find(element, "[data-wi-output]")
    this.block = find(element, "pre")
    this.exercise = /** @type {HTMLElement | null} */ (element.closest("[data-wi-exercise]"))?.dataset.wiExercise
    // A block with prompts shows the value of every expression, a cell only that of the last.
    this.prompt = element.matches(".language-pycon")
    const text = find(element, "code").textContent ?? ""
    this.original = this.prompt ? source(text) : text
    this.printed = this.prompt ? printedIn(text) : printedBelow(element)
  }

  get code() { return this.editor?.code() ?? this.original }

  /** @param {string} action */
  button(action) { return find(this.element, `[data-wi-${action}]`) }

  /**
   * Opens the editor, once, and puts code into it: that of the last call, if calls come while it loads.
   * @param {string} [code]
   * @param {boolean} [focus]
   * @returns {Promise<boolean>}  Whether the code is in the editor.
   */
  async edit(code = this.wantedCode ?? this.original, focus = true) {
    this.wantedCode = code
    try {
      await (this.opening ??= this.open())
    } catch {
      this.opening = this.wantedCode = undefined
      editorFailures++
      this.report("error", "The editor could not be loaded. Check the connection, then try again.")
      return false
    }
    // The module of the editor is here, but it may not be the editor of this call: calls that come meanwhile share one.
    const { editor } = this
    if (!editor) return false // Reset was pressed meanwhile
    if (editor.code().trimEnd() !== this.wantedCode.trimEnd()) editor.set(this.wantedCode)
    if (focus) editor.focus()
    return true
  }

  async open() {
    const button = this.button("edit")
    button.textContent = "Loading …"
    try {
      // Some browsers remember a module that failed, by its address: each attempt has another one.
      const query = editorFailures ? `?${editorFailures}` : ""
      /** @type {typeof import("../../vendor/editor.js")} */
      const { editor } = await import(`../../vendor/editor.js${query}`)
      this.block.hidden = true
      const place = document.createElement("div")
      place.className = "wi-editor"
      this.block.after(place)
      this.editor = editor(place, {
        code: this.wantedCode ?? this.original,
        label: `Code of snippet ${snippets.indexOf(this) + 1}`,
        run: () => run(this),
        changed: () => { this.ran = false },
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
    this.editor = this.opening = this.wantedCode = undefined
    this.block.hidden = false
    this.ran = false
    this.button("edit").hidden = false
    this.button("reset").hidden = true
    this.report("idle")
    this.output.hidden = true
    this.button("run").focus()
    if (location.hash.startsWith("#wi-code=")) history.replaceState(null, "", location.pathname + location.search)
  }

  /**
   * Shows a state and its text, and passes them to the listener.
   * @param {string} state
   * @param {string} [text]
   * @param {Details} [details]
   */
  report(state, text = "", details = {}) {
    const busy = state === "loading" || state === "running"
    // One of Run and Stop is hidden. The keyboard's focus moves to the other, or it would be lost.
    const focused = document.activeElement === this.button("run") || document.activeElement === this.button("stop")
    this.output.dataset.wiState = state
    this.output.hidden = false
    this.button("run").hidden = busy
    this.button("stop").hidden = !busy
    if (focused) this.button(busy ? "stop" : "run").focus()
    // The parts of an output: its status, the progress of loading, and what was printed.
    if (!this.output.firstChild)
      this.output.innerHTML = '<p></p><progress max="1" hidden aria-label="Loading Python"></progress><div></div>'
    const status = find(this.output, "p")
    // A screen reader announces the status in one place: here, or where the listener writes it.
    status.setAttribute("role", this.listener ? "none" : "status")
    // What stands between backticks is code.
    status.replaceChildren(...text.split("`").map((part, k) => {
      const code = k % 2 ? document.createElement("code") : document.createTextNode("")
      code.textContent = part
      return code
    }))
    find(this.output, "progress").hidden = state !== "loading"
    this.listener?.(state, text, details)
  }

  /** @param {import("../../../../scripts/vendor/types/messages").Progress} progress */
  reportProgress({ name, bytes, all }) {
    const text = `Loading ${name}: ${(bytes / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`
    const bar = /** @type {HTMLProgressElement} */ (find(this.output, "progress"))
    bar.value = bytes / all
    find(this.output, "p").textContent = text
    this.listener?.("loading", text, { part: bytes / all })
  }

  clear() {
    this.printedLive = ""
    this.output.querySelector("div")?.replaceChildren()
    this.editor?.mark(null)
  }

  /**
   * Adds a piece of output.
   * @param {string} kind  out, err, html, or shown: what stands for a picture where outputs are compared.
   * @param {string} text
   */
  async show(kind, text) {
    if (kind === "out" || kind === "shown") this.printedLive += text
    if (kind === "shown") return
    // The place of a picture is taken before it is made clean, so that what is printed later comes below it.
    const place = find(this.output, "div")
    if (kind === "html") {
      const figure = document.createElement("div")
      place.append(figure)
      const { clean } = await import("../../vendor/clean.js")
      figure.append(clean(text))
      return
    }
    let last = place.lastElementChild
    if (!(last instanceof HTMLElement && last.dataset.kind === kind)) {
      const block = document.createElement("pre")
      block.dataset.kind = kind
      // Wide output scrolls, and can be reached by keyboard for that.
      block.tabIndex = 0
      block.setAttribute("role", "region")
      block.ariaLabel = kind === "err" ? "Warnings" : "Live output"
      place.append(last = block)
    }
    last.append(text)
  }

  /** @param {Done} done */
  finish({ problem, seconds, verdict }) {
    if (this.listener && problem?.refusal) return this.report("error", problem.refusal)
    if (problem) {
      const where = problem.line ? `  line ${problem.line}: ${problem.source}\n` : ""
      this.show("out", `Traceback (most recent call last):\n${where}${problem.message}\n`)
    }
    // Less than 0.1 s when rounded.
    const took = seconds < 0.095 ? "" : `, ${seconds.toFixed(1)} s`
    const same = comparable(this.printedLive) === comparable(this.printed)
    // An example may be meant to raise an error. It has run, then, if it raised the error that is printed.
    this.ran = !problem || same
    if (this.listener && problem) this.report("error", `Python stopped: ${problem.message}.`)
    else if (verdict) this.report(verdict.right ? "ok" : "differs", verdict.words, { verdict })
    else if (this.exercise && !problem) this.report("ok", `Live${took}.`)
    else if (same) {
      this.report("ok", `Live${took}: ${this.printed ? "the same as printed" : "nothing to print, as expected"}.`)
    } else if (problem) {
      this.editor?.mark(problem.line)
      this.report("error", problem.line ? `Live: it stopped at line ${problem.line}.` : "Live: it stopped.")
    } else {
      this.report("differs", this.editor ? `Live, from your code${took}: not what is printed here.`
        : `Live${took}: it differs from what is printed above.`)
    }
  }
}

/**
 * The outputs in a >>> block.
 * @param {string} text
 */
function printedIn(text) {
  const outputs = text.split("\n").filter(line => !/^(>>>|\.\.\.)( |$)/.test(line))
  return outputs.map(line => line === "<BLANKLINE>" ? "" : line).join("\n")
}

/**
 * What stands below the cell of a lab: text, and what a picture says of itself.
 * @param {Element} element
 */
function printedBelow(element) {
  let text = ""
  for (let next = element.nextElementSibling; next; next = next.nextElementSibling) {
    // Text outputs and pictures follow a cell until the next one, or until prose.
    if (next.matches(".wi-output")) text += find(next, "code").textContent
    else if (next.matches("figure.wi-figure"))
      text += `Picture: ${next.querySelector("svg")?.getAttribute("aria-label")}\n`
    else break
  }
  return text
}

/**
 * An output as doctest compares it: of a traceback only the last line counts.
 * @param {string} text
 */
const comparable = text => text.replace(/^(Traceback.*:)\n(?: .*\n)*/gm, "$1\n").trimEnd()

const snippets = [...document.querySelectorAll("[data-wi-snippet]")]
  .map(element => new Snippet(/** @type {HTMLElement} */ (element)))

/**
 * The snippet in an element.
 * @param {Element} element
 */
export const snippetIn = element => snippets.find(snippet => element.contains(snippet.element))

/** Python; it is started by the first run, and again after it has ended. @type {Worker | undefined} */
let worker
/** The snippet that runs now. @type {Snippet | undefined} */
let running
/** The snippet that was asked for, while those above it run. @type {Snippet | undefined} */
let requested
/** @type {((how: string) => void) | undefined} */
let settle

/** The snippets that show what Python does. */
const watching = () => [...new Set([running, requested])].filter(snippet => snippet !== undefined)

function startWorker() {
  const address = new URL("worker.js", import.meta.url)
  address.searchParams.set("v", key)
  const started = new Worker(address, { type: "module" })
  // The worker's file, or a module that it imports, could not be loaded. Errors in Python arrive as messages.
  started.onerror = event => {
    event.preventDefault()
    const why = event.message ? `: ${event.message}` : ""
    end("ended", `worker.js could not be loaded${why}. Check the connection, then press Run again.`)
  }
  started.onmessage = ({ data }) => receive(data)
  return started
}

/** @param {Answer} answer */
function receive({ failed, progress, loading, running: runs, pieces, done, ended }) {
  if (failed) return end("ended", failed)
  // Messages of a run that was ended may still arrive.
  if (!running) return
  if (progress) for (const snippet of watching()) snippet.reportProgress(progress)
  else if (loading) for (const snippet of watching()) snippet.report("loading", `Loading ${loading} …`)
  else if (runs) for (const snippet of watching()) snippet.report("running", "Running …")
  else if (pieces) for (const [kind, text] of pieces) running.show(kind, text)
  else if (done) {
    const finished = running
    running = undefined
    finished.finish(done)
    settle?.("done")
  } else if (ended) end("ended", ended)
}

/**
 * Ends Python, and with it the run in hand.
 * @param {"ended" | "stopped"} how  By itself, or because the reader pressed Stop.
 * @param {string} text
 */
function end(how, text) {
  // A loop in WebAssembly could only be interrupted through shared memory, which wants special headers of the server.
  // So the worker is ended.
  worker?.terminate()
  worker = undefined
  // The names that they had defined are gone with the worker.
  for (const snippet of snippets) snippet.ran = false
  const stopped = watching()
  running = undefined
  for (const snippet of stopped) snippet.report(how === "ended" ? "error" : "stopped", text)
  settle?.(how)
}

/**
 * Runs one snippet, and says how it came to its end: done, ended or stopped.
 * @param {Snippet} snippet
 * @returns {Promise<string>}
 */
function execute(snippet) {
  const { code, prompt, exercise } = snippet
  running = snippet
  snippet.report(worker ? "running" : "loading", worker ? "Running …" : "Loading Python …")
  snippet.clear()
  const python = worker ??= startWorker()
  return new Promise(resolve => {
    settle = resolve
    /** @type {Run} */
    const message = { code, prompt, alone: exercise !== undefined, exercise }
    python.postMessage(message)
  })
}

// Runs wait for each other, in the order in which they were asked for. `stopped` ends the runs of one request.
/** @type {Promise<void>} */
let queue = Promise.resolve()
let stopped = false

/**
 * Runs a snippet, after those above it that have not run yet; an exercise runs alone.
 * @param {Snippet} snippet
 */
export function run(snippet) {
  const above = snippets.slice(0, snippets.indexOf(snippet)).filter(({ exercise }) => !exercise)
  // Chosen when its turn comes, since runs before it may have defined what it needs.
  return enqueue(() => snippet.exercise ? [snippet] : [...above.filter(({ ran }) => !ran), snippet], snippet)
}

/**
 * Runs snippets when those before them are done.
 * @param {() => Snippet[]} choose  Called when their turn comes.
 * @param {Snippet} [last]  The one that was asked for.
 */
function enqueue(choose, last) {
  queue = queue.then(async () => {
    stopped = false
    requested = last
    last?.clear()
    for (const snippet of choose()) {
      if (snippet !== last) last?.report(worker ? "running" : "loading", "The snippets above run first …")
      if (await execute(snippet) !== "done" || stopped) break
    }
    requested = undefined
  })
  return queue
}

async function runAll() {
  const all = snippets.filter(snippet => !snippet.exercise)
  await enqueue(() => all)
  const same = all.filter(snippet => snippet.output.dataset.wiState === "ok").length
  find(document, ".wi-all [role=status]").textContent
    = `${same} of ${all.length} snippets give what is printed here.`
}

/**
 * Does what a button is for.
 * @param {HTMLElement} button
 */
export async function press(button) {
  if ("wiRunAll" in button.dataset) return runAll()
  const snippet = snippets.find(({ element }) => element.contains(button))
  if (!snippet) return
  if ("wiRun" in button.dataset) await run(snippet)
  else if ("wiEdit" in button.dataset) await snippet.edit()
  else if ("wiReset" in button.dataset) snippet.reset()
  else if ("wiShare" in button.dataset) await share(snippet)
  else if ("wiStop" in button.dataset) {
    stopped = true
    end("stopped", "Stopped. Python starts afresh with the next run.")
  }
}

/**
 * Makes a link to the snippet's code. The code is in the fragment, which no server sees: the snippet's number, and the
 * code, packed.
 * @param {Snippet} snippet
 */
async function share(snippet) {
  const packed = await transform(new CompressionStream("deflate-raw"), new TextEncoder().encode(snippet.code))
  // Base64 with the letters that a fragment may hold as they are: "-" and "_" for "+" and "/", and no padding.
  const text = btoa(String.fromCharCode(...packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  const state = snippet.output.dataset.wiState ?? "idle"
  if (text.length > MAX_LINK) return snippet.report(state, "This code is too long for a link.")
  history.replaceState(null, "", `#wi-code=${snippets.indexOf(snippet) + 1}.${text}`)
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false)
  const where = copied ? "The link is copied" : "The link is in the address bar"
  snippet.report(state, `${where}. It opens this page with this code.`)
}

/**
 * Opens the code that a link has brought, if the fragment is one of ours.
 * @param {string} hash
 */
export async function open(hash) {
  const [, number, text] = /^#wi-code=(\d{1,3})\.([\w-]+)$/.exec(hash) ?? []
  const snippet = snippets[Number(number) - 1]
  // A link may come from anybody: it is bounded before it is unpacked, and again in `transform`.
  if (!snippet || text.length > MAX_LINK) return
  let code
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
    const packed = Uint8Array.from(binary, letter => letter.charCodeAt(0))
    const bytes = await transform(new DecompressionStream("deflate-raw"), packed)
    code = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return // not a link of ours
  }
  await snippet.edit(code)
  snippet.report("idle", "This code came with the link. It has not run. Reset brings the page's own back.")
  snippet.element.scrollIntoView({ block: "center" })
}

/**
 * Sends bytes through a stream, and refuses to unpack more than a link may hold.
 * @param {CompressionStream | DecompressionStream} stream
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function transform(stream, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader()
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = []
  for (let length = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer())
    parts.push(value)
    if ((length += value.length) > 5 * MAX_LINK) throw new RangeError("too long")
  }
}
