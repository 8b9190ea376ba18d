// Running Python, the page's side: the snippets with their outputs and editors, the order of runs, links to code.

import { copied, find, source } from "../code.js"
import { Ended, Room } from "./room.js"
import { Refused, framed } from "./shown.js"

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Done} Done
 * @typedef {import("../../vendor/editor.js").Editor} Editor
 */

const MAX_LINK = 8000 // characters of a link's code, packed; unpacked it may have five times as many
// What a page shows of one run.
const MOST_TEXT = 110_000, MOST_PICTURES = 20
// What is not seen in code, or turns its order: format characters, and others that are drawn as nothing.
const HIDDEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu
let editorFailures = 0

const styles = document.createElement("link")
styles.rel = "stylesheet"
styles.href = new URL("../../css/run.css", import.meta.url).href
document.head.append(styles)

export class Snippet {
  /** @type {Editor | undefined} */
  editor
  /** The code that the editor shows once it is open. @type {string | undefined} */
  wantedCode
  /** @type {Promise<void> | undefined} */
  opening
  /** What it has printed in the last run. */
  printedLive = ""
  /** The pictures and the characters that the last run has shown. */
  pictures = 0
  characters = 0
  /** Whether the code in the editor came with a link, and whether the reader has been asked about it. */
  strange = false
  asked = false

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element
    this.output = find(element, "[data-wi-output]")
    this.block = find(element, "pre")
    this.exercise = /** @type {HTMLElement | null} */ (element.closest("[data-wi-exercise]"))?.dataset.wiExercise
    // Examples of a docstring have the names of its module.
    this.module = element.dataset.wiModule
    // A block with prompts shows the value of every expression, a cell only that of the last.
    this.prompt = element.matches(".language-pycon")
    const text = find(element, "code").textContent ?? ""
    this.original = this.prompt ? source(text) : text
    this.printed = this.prompt ? printedIn(text) : printedBelow(element)
  }

  get code() { return this.editor?.code() ?? this.original }

  /** The code that snippets below build on: that of the page or of the reader, and none of a link's. */
  get trusted() { return this.strange ? this.original : this.code }

  /**
   * Those that have to run before it. The page says on which it builds; of code that was changed nobody knows, and so
   * all above run.
   */
  get needed() {
    if (this.exercise) return []
    const above = snippets.slice(0, snippets.indexOf(this)).filter(one => !one.exercise)
    const { wiNeeds } = this.element.dataset
    if (wiNeeds === undefined || [this, ...above].some(one => one.code !== one.original)) return above
    return wiNeeds.split(" ").filter(Boolean).map(number => above[Number(number)])
  }

  /** @param {string} action */
  button(action) { return find(this.element, `[data-wi-${action}]`) }

  /**
   * Opens the editor, once, and puts code into it: that of the last call, if calls come while it loads.
   * @param {string} [code]
   * @param {boolean} [focus]
   * @param {boolean} [strange]  Whether the code came with a link.
   * @returns {Promise<boolean>}  Whether the code is in the editor.
   */
  async edit(code, focus = true, strange = code === undefined && this.strange) {
    this.wantedCode = code ??= this.wantedCode ?? this.original
    this.strange = strange
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
    find(this.element, ".wi-editor").classList.toggle("wi-editor--strange", this.strange)
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
      // Before it holds text: Chromium does not lay text out anew for this class.
      place.className = this.strange ? "wi-editor wi-editor--strange" : "wi-editor"
      this.block.after(place)
      this.editor = editor(place, {
        code: this.wantedCode ?? this.original,
        label: `Code of snippet ${snippets.indexOf(this) + 1}`,
        run: () => this.ask() && run(this),
        changed: () => shared?.ran.delete(this),
      })
      // What the page prints stays in sight, beside what the changed code will.
      if (this.prompt && this.printed.trim()) {
        const printed = document.createElement("pre")
        printed.textContent = this.printed
        place.append(printed)
      }
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
    this.strange = this.asked = false
    shared?.ran.delete(this)
    this.button("edit").hidden = false
    this.button("reset").hidden = true
    this.report("idle")
    this.output.hidden = true
    this.button("run").focus()
    if (location.hash.startsWith("#wi-code=")) history.replaceState(null, "", location.pathname + location.search)
  }

  /** Whether the code may run. That of a link may when the reader has pressed Run twice. */
  ask() {
    if (!this.strange || this.asked) return true
    this.asked = true
    this.report("idle", "This code is not the page's: whoever made the link has written it. It runs without access to "
      + "this page, to your data or to the network. To run it, press Run once more.")
    return false
  }

  /**
   * Shows a state and its text.
   * @param {string} state
   * @param {string} [text]
   */
  report(state, text = "") {
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
      this.output.innerHTML = '<p role="status"></p><progress max="1" hidden aria-label="Loading Python"></progress>'
        + "<div></div>"
    const status = find(this.output, "p")
    // What stands between backticks is code.
    status.replaceChildren(...text.split("`").map((part, k) => {
      const code = k % 2 ? document.createElement("code") : document.createTextNode("")
      code.textContent = part
      return code
    }))
    find(this.output, "progress").hidden = state !== "loading"
  }

  /** @param {import("./room.js").Progress} progress */
  reportProgress({ name, bytes, all }) {
    const text = bytes < all ? `Loading ${name}: ${(bytes / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`
      : "Starting Python …"
    const bar = /** @type {HTMLProgressElement} */ (find(this.output, "progress"))
    bar.value = bytes / all
    find(this.output, "p").textContent = text
  }

  clear() {
    this.printedLive = ""
    this.pictures = this.characters = 0
    this.output.querySelector("div")?.replaceChildren()
    this.editor?.mark(null)
  }

  /**
   * Adds a piece of output.
   * @param {string} kind  out, err, svg, html, caption, or shown: what stands for a picture where outputs are compared.
   * @param {string} text
   */
  show(kind, text) {
    const place = find(this.output, "div")
    if (kind === "svg" || kind === "html") {
      if (++this.pictures > MOST_PICTURES) {
        if (this.pictures === MOST_PICTURES + 1) this.show("err", `Only the first ${MOST_PICTURES} are shown here.\n`)
        return
      }
      // Its place is taken now, so that what is printed later comes below it.
      const figure = document.createElement("div")
      place.append(figure)
      drawing = drawing.then(() => draw(figure, text))
      return
    }
    if ((this.characters += text.length) > MOST_TEXT) return // Python has said so before
    if (kind !== "err") this.printedLive += kind === "caption" ? "" : text
    if (kind === "shown") return
    let last = place.lastElementChild
    if (!(last instanceof HTMLElement && last.dataset.kind === kind)) {
      const block = document.createElement(kind === "caption" ? "p" : "pre")
      block.dataset.kind = kind
      if (kind !== "caption") {
        // Wide output scrolls, and can be reached by keyboard for that.
        block.tabIndex = 0
        block.setAttribute("role", "region")
        block.ariaLabel = kind === "err" ? "Warnings" : "Live output"
      }
      place.append(last = block)
    }
    last.append(text)
  }

  /** @param {Done} done */
  finish({ problem, seconds, verdict }) {
    const whose = this.strange ? "from the link's code" : this.editor ? "from your code" : ""
    if (problem) {
      const where = problem.line ? `  line ${problem.line}: ${problem.source}\n` : ""
      this.show("out", `Traceback (most recent call last):\n${where}${problem.message}\n`)
    }
    // Less than 0.1 s when rounded.
    const took = seconds < 0.095 ? "" : `, ${seconds.toFixed(1)} s`
    const { same } = this
    if (verdict) {
      const words = this.strange ? `The link's code has this verdict: ${verdict.words}` : verdict.words
      this.report(verdict.right ? "ok" : "differs", words)
    } else if (this.exercise && !problem) this.report("ok", `Live${took}.`)
    else if (same) {
      this.report("ok", `Live${took}: ${this.printed ? "the same as printed" : "nothing to print, as expected"}.`)
    } else if (problem) {
      this.editor?.mark(problem.line)
      this.report("error", problem.line ? `Live: it stopped at line ${problem.line}.` : "Live: it stopped.")
    } else {
      this.report("differs", whose ? `Live, ${whose}${took}: not what is printed here.`
        : `Live${took}: it differs from what is printed above.`)
    }
  }

  /** Whether the last run has printed what the page has. An example that raises the error that is printed has, too. */
  get same() { return comparable(this.printedLive) === comparable(this.printed) }
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

// Frames are made one at a time, so that the page can answer in between.
let drawing = Promise.resolve()

/**
 * Shows a picture or HTML, or says why it is not drawn.
 * @param {Element} place
 * @param {string} markup
 */
async function draw(place, markup) {
  if (!place.isConnected) return
  try {
    place.append(framed(markup))
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    place.textContent = `This is not drawn, since ${error.message}.`
  }
  await new Promise(done => setTimeout(done))
}

const snippets = [...document.querySelectorAll("[data-wi-snippet]")]
  .map(element => new Snippet(/** @type {HTMLElement} */ (element)))

/**
 * The snippet in an element.
 * @param {Element} element
 */
export const snippetIn = element => snippets.find(snippet => element.contains(snippet.element))

/** Where the page's snippets run, which build on each other. @type {Room | undefined} */
let shared
/** A room in which nothing has run yet. @type {Room | undefined} */
let spare
/** The room in which something runs now. @type {Room | undefined} */
let busy
/** Those that wait for their turn. @type {Set<Snippet | undefined>} */
const queued = new Set()
/** Whether the reader has ended the run in hand. */
let stopped = false
// Runs wait for each other, in the order in which they were asked for.
/** @type {Promise<void>} */
let queue = Promise.resolve()

/** A room in which nothing has run. */
function fresh() {
  const room = spare?.alive ? spare : new Room()
  spare = undefined
  return room
}

/** The room of the page's snippets. */
const common = () => shared = shared?.alive ? shared : fresh()

/**
 * Runs one snippet.
 * @param {Snippet} snippet
 * @param {Room} room
 * @param {Snippet} [last]  The one that was asked for; the others run for its sake.
 * @returns {Promise<boolean>}  Whether it came to its end.
 */
async function execute(snippet, room, last) {
  // In place of a link's code, that of the page runs, and is not shown.
  const hidden = snippet.strange && snippet !== last
  const watching = new Set([hidden ? undefined : snippet, last].filter(one => one !== undefined))
  /** @param {(one: Snippet) => void} action */
  const each = action => { for (const one of watching) action(one) }
  if (!hidden) snippet.clear()
  const { prompt, exercise, module } = snippet
  const code = hidden ? snippet.trusted : snippet.code
  busy = room
  try {
    // Python begins, and the page says so meanwhile.
    const running = room.run({ code, prompt, alone: exercise !== undefined, exercise, module }, {
      loading: text => each(one => one.report("loading", text)),
      progress: progress => each(one => one.reportProgress(progress)),
      running: () => each(one => one.report("running", "Running …")),
      show: (kind, text) => hidden || snippet.show(kind, text),
    })
    if (snippet !== last) last?.report("running", "The snippets that it builds on run first …")
    each(one => one.report(room.here ? "running" : "loading", room.here ? "Running …" : "Loading Python …"))
    const done = await running
    // Nothing goes on behind its result.
    if (snippet === last && room !== shared) room.end()
    if (!hidden) snippet.finish(done)
    // It may have set names anew that those below it had set: they run again when they are needed.
    for (const below of snippets.slice(snippets.indexOf(snippet))) room.ran.delete(below)
    if (!done.problem || (!hidden && snippet.same)) room.ran.add(snippet)
    return true
  } catch (error) {
    if (!(error instanceof Ended)) throw error
    each(one => one.report(stopped ? "stopped" : "error", error.message))
    return false
  } finally {
    busy = undefined
  }
}

/**
 * Runs something when those before it are done.
 * @param {Snippet | undefined} key  What Stop takes out of the queue.
 * @param {() => Promise<void>} work
 */
function enqueue(key, work) {
  queued.add(key)
  queue = queue.catch(() => {}).then(async () => {
    stopped = false
    if (queued.delete(key)) await work()
  })
  return queue
}

/**
 * Runs a snippet, after those that it needs and that have not run yet. An exercise, and what came with a link, runs in
 * a room that ends with it, so that nothing which it changes is met by what runs later.
 * @param {Snippet} snippet
 */
export function run(snippet) {
  if (busy) snippet.report("running", "It waits for the run before it …")
  return enqueue(snippet, async () => {
    const alone = snippet.exercise !== undefined || snippet.strange
    const room = alone ? fresh() : common()
    snippet.clear()
    for (const one of [...snippet.needed.filter(one => !room.ran.has(one)), snippet])
      if (!await execute(one, room, snippet) || stopped) break
    if (!alone) return
    room.end()
    spare ??= new Room(room.draws) // so that the next run does not wait
  })
}

/** @param {HTMLElement} button */
async function runAll(button) {
  const status = find(document, ".wi-all [role=status]"), words = button.textContent
  const all = snippets.filter(({ exercise }) => !exercise)
  const label = button.ariaLabel
  button.textContent = "Stop"
  button.ariaLabel = "Stop running all snippets"
  button.dataset.wiState = "running"
  await enqueue(undefined, async () => {
    const room = common()
    for (const [i, snippet] of all.entries()) {
      status.textContent = `Running ${i + 1} of ${all.length} …`
      if (!await execute(snippet, room) || stopped) break
    }
  })
  delete button.dataset.wiState
  button.textContent = words
  button.ariaLabel = label
  const same = all.filter(({ output }) => output.dataset.wiState === "ok").length
  status.textContent = stopped ? "Stopped." : `${same} of ${all.length} snippets give what is printed here.`
}

/** Ends the run in hand, and the room that it runs in. */
function stop() {
  stopped = true
  busy?.end(new Ended("Stopped. Python starts afresh with the next run."))
}

/**
 * Does what a button is for.
 * @param {HTMLElement} button
 */
export async function press(button) {
  if ("wiRunAll" in button.dataset) return button.dataset.wiState ? stop() : runAll(button)
  const snippet = snippets.find(({ element }) => element.contains(button))
  if (!snippet) return
  if ("wiRun" in button.dataset) return snippet.ask() && run(snippet)
  if ("wiEdit" in button.dataset) await snippet.edit()
  else if ("wiReset" in button.dataset) snippet.reset()
  else if ("wiShare" in button.dataset) await share(snippet)
  else if ("wiStop" in button.dataset) {
    if (queued.delete(snippet)) snippet.report("stopped", "Stopped before it began.")
    else stop()
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
  const where = await copied(location.href) ? "The link is copied" : "The link is in the address bar"
  snippet.report(state, `${where}. It opens this page with this code.`)
}

/**
 * Opens the code that a link has brought, if the fragment is one of ours.
 * @param {string} hash
 */
export async function open(hash) {
  const [, number, text] = /^#wi-code=(\d{1,3})\.([\w-]+)$/.exec(hash) ?? []
  const snippet = snippets[Number(number) - 1]
  let code
  try {
    // A link may come from anybody: it is bounded before it is unpacked, and again in `transform`.
    if (!snippet || text.length > MAX_LINK) throw new RangeError("no snippet, or too long")
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
    const packed = Uint8Array.from(binary, letter => letter.charCodeAt(0))
    const bytes = await transform(new DecompressionStream("deflate-raw"), packed)
    code = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    const shown = snippet ?? snippets[0]
    shown?.report("idle", "A link has brought code that cannot be read: it was cut off or damaged on its way, or is "
      + "for another page. Here is the page's own code.")
    shown?.element.scrollIntoView({ block: "center" })
    return
  }
  await snippet.edit(code, true, true)
  snippet.asked = false
  const hidden = code.match(HIDDEN)?.length ?? 0
  const marked = hidden ? ` It holds ${hidden} ${hidden === 1 ? "character" : "characters"} that would not be seen, or `
    + "that turn the order of others; they are marked in red." : ""
  const lines = code.trimEnd().split("\n").length
  snippet.report("idle", `This code came with the link: ${lines} ${lines === 1 ? "line" : "lines"}, ${code.length} `
    + `characters, by whoever made it.${marked} It has not run. Reset brings the page's own back.`)
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
