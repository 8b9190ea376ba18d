// An interpreter of Python for the page, in a room of its own: a frame without origin and network (room.html), and a
// worker in it (worker.js). The page hands the files in, each checked by its hash, and takes the answers for a
// stranger's.

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Answer} Answer
 * @typedef {import("../../../../scripts/vendor/types/messages").Asked} Asked
 * @typedef {import("../../../../scripts/vendor/types/messages").Done} Done
 * @typedef {import("../../../../scripts/vendor/types/messages").Order} Order
 * @typedef {import("../../../../scripts/vendor/types/messages").Run} Run
 * @typedef {{ sha256: string, size: number, gzip: number }} File  Its bytes as they are, and as they travel.
 * @typedef {{ files: Record<string, File>, first: string[] }} Lock  All files, and those that the first press loads.
 * @typedef {{ name: string, bytes: number, all: number }} Progress
 * @typedef {object} Watcher  Is told what a room does.
 * @property {(text: string) => void} loading
 * @property {(progress: Progress) => void} progress
 * @property {() => void} running
 * @property {(kind: string, text: string) => void} show
 */

const base = new URL("../../../runtime/", import.meta.url)
// The theme writes the digest of the lock, and the megabytes, into this element.
const digest = document.querySelector("meta[name=wi-runtime]")?.getAttribute("content")?.split(" ")[0] ?? ""
const RETRY = "Check the connection, then press the button again."
const TELL_EVERY = 50 // ms between two reports of progress
const SILENCE = 20_000 // ms after which a frame that has not answered at all is given up
const PULSE = 2000 // ms between two questions to a frame that runs code; the second one without an answer ends it
// A worker sends its first hundred pieces of output at once, and then twenty messages a second.
const MOST_MESSAGES = 200, MOST_PER_SECOND = 40
const LONGEST_ANSWER = 2_000_000 // characters

/** The files that are here or on their way; every room gets them. @type {Map<string, Promise<ArrayBuffer>>} */
const files = new Map()
/** Names of files that did not come, or were others: a cache is not asked for them again. @type {Set<string>} */
const failed = new Set()
/** The part of each file that has come. @type {Record<string, number>} */
const loaded = {}
/** @type {Promise<Lock> | undefined} */
let lock
/** Rooms that wait for files; each is told of their progress. @type {Set<Room>} */
const waiting = new Set()
let told = 0

/** A room has ended by itself; the message is for the reader. */
export class Ended extends Error {}

/** @param {BufferSource} bytes */
async function sha256(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  return Array.from(hash, byte => byte.toString(16).padStart(2, "0")).join("")
}

/**
 * Fetches a file and checks its hash.
 * @param {string} name  In the messages; the path, but for those in folders of their own.
 * @param {URL} address
 * @param {string} hash  Or its beginning.
 * @param {(part: ArrayBuffer, seen: number) => void} [count]
 * @returns {Promise<ArrayBuffer>}
 * @throws {Ended}
 */
async function fetched(name, address, hash, count = () => {}) {
  // In a cache each content has an address of its own.
  address.searchParams.set("v", hash.slice(0, 12))
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = []
  try {
    const response = await fetch(address, { cache: failed.has(name) ? "reload" : "default" })
    if (!response.ok || !response.body) throw new Error(response.statusText)
    const reader = response.body.getReader()
    for (let seen = 0; ;) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      count(value.buffer, seen += value.length)
    }
  } catch {
    failed.add(name)
    throw new Ended(navigator.onLine
      ? `${name} could not be loaded. ${RETRY}`
      : `${name} could not be loaded, since this device is offline. Python needs the connection once a visit.`)
  }
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let filled = 0
  for (const part of parts) {
    bytes.set(part, filled)
    filled += part.length
  }
  if (!(await sha256(bytes)).startsWith(hash)) {
    failed.add(name)
    throw new Ended(`${name} is not the file that this page was made with. Reload the page, then press the button `
      + "again.")
  }
  failed.delete(name)
  return bytes.buffer
}

/** The lock. */
function locked() {
  lock ??= fetched("pyodide-lock.json", new URL("pyodide-lock.json", base), digest)
    .then(bytes => {
      files.set("pyodide-lock.json", Promise.resolve(bytes))
      return JSON.parse(new TextDecoder().decode(bytes))
    })
  lock.catch(() => { lock = undefined })
  return lock
}

/**
 * The files that the first press loads, or all, each as soon as it is there.
 * @param {boolean} all
 * @returns {Promise<[string, Promise<ArrayBuffer>][]>}
 */
async function bring(all) {
  const { files: known, first } = await locked()
  const names = all ? Object.keys(known) : first
  for (const name of names) if (!files.has(name)) {
    const { sha256: hash, size } = known[name]
    const label = name.slice(name.lastIndexOf("/") + 1)
    const file = fetched(label, new URL(name, base), hash, (_, seen) => {
      loaded[name] = Math.min(1, seen / size)
      if (performance.now() - told < TELL_EVERY && seen < size) return
      told = performance.now()
      let bytes = 0, sum = 0
      for (const other of names) {
        bytes += (loaded[other] ?? 0) * known[other].gzip
        sum += known[other].gzip
      }
      for (const room of waiting) room.watcher?.progress({ name: label, bytes, all: sum })
    })
    file.catch(() => files.delete(name))
    files.set(name, file)
  }
  return ["pyodide-lock.json", ...names]
    .map(name => [name, /** @type {Promise<ArrayBuffer>} */ (files.get(name))])
}

locked().catch(() => {}) // small, and asked for before the first room opens

export class Room {
  /** Those whose names stand in its namespace, by their code. @type {Set<object>} */
  ran = new Set()
  /** @type {Watcher | undefined} */
  watcher
  frame = document.createElement("iframe")
  #channel = new MessageChannel()
  #port = this.#channel.port1
  #heart = new MessageChannel()
  /** Questions to the frame that it has not answered. */
  #unanswered = 0
  /** Messages of this run, and its beginning. */
  #messages = 0
  #began = 0
  /** Is called with what the worker says first, or last. @type {{ resolve: (answer: Answer) => void } | undefined} */
  #asked
  /** Ends what waits for this room. @type {(error: unknown) => void} */
  #reject = () => {}
  /** Is rejected when the room ends. @type {Promise<never>} */
  #end = new Promise((_, reject) => { this.#reject = reject })

  /** @param {boolean} draws  Whether matplotlib is loaded at once. */
  constructor(draws = false) {
    this.draws = draws
    this.alive = true
    this.here = false // whether Python has started
    this.#end.catch(() => {})
    this.#port.onmessage = ({ data }) => {
      try {
        this.#receive(data)
      } catch {
        this.end(new Ended("Python's answer could not be read, so it was ended. The next run starts it anew."))
      }
    }
    this.#heart.port1.onmessage = () => { this.#unanswered = 0 }
    this.ready = this.#start()
    this.ready.catch(error => this.end(error))
  }

  async #start() {
    if (!("sandbox" in this.frame))
      throw new Ended("Python is not to be had here: this browser has no sandbox for frames.")
    waiting.add(this)
    const coming = bring(this.draws)
    coming.catch(() => {})
    const address = new URL("worker.js", import.meta.url)
    address.searchParams.set("v", digest.slice(0, 12))
    // A browser may start a process for the frame: the script comes meanwhile.
    const text = fetch(address).then(response => response.ok ? response.text() : "").catch(() => "")
    this.frame.setAttribute("sandbox", "allow-scripts")
    this.frame.hidden = true
    this.frame.src = new URL("room.html", import.meta.url).href
    const open = new Promise(resolve => { this.frame.onload = resolve })
    document.body.append(this.frame)
    const script = await text
    if (!script) throw new Ended(`worker.js could not be loaded. ${RETRY}`)
    await Promise.race([open, this.#end])
    const there = this.#answer()
    this.frame.contentWindow?.postMessage(script, "*", [this.#channel.port2, this.#heart.port2])
    const silence = setTimeout(() => this.end(new Ended("Python is not to be had here: the frame that it runs in does "
      + "not answer. The host may forbid frames or their scripts (X-Frame-Options, Content-Security-Policy).")),
    SILENCE)
    await there.finally(() => clearTimeout(silence))
    const all = await Promise.race([coming, this.#end])
    const ready = this.#answer()
    ready.catch(() => {})
    await this.#handIn(all)
    await ready
    this.here = true
  }

  /**
   * Hands in files, each when it is there: Python's largest file is compiled while others are on their way.
   * @param {[string, Promise<ArrayBuffer>][]} all
   */
  async #handIn(all) {
    this.#send({ names: all.map(([name]) => name), draws: this.draws })
    await Promise.race([this.#end, Promise.all(all.map(async ([name, file]) => {
      const bytes = await file
      if (this.alive) this.#send({ name, bytes })
    }))])
    waiting.delete(this)
  }

  /** @param {Order} order */
  #send(order) {
    // A reader's file is handed over and not copied: it may be large.
    this.#port.postMessage(order, "fields" in order && order.file ? [order.file.bytes] : [])
  }

  /** Asks the frame, which is free also while its worker runs, whether it is there: nobody says if it crashes. */
  #feel() {
    if (this.#unanswered++ > 1)
      return this.end(new Ended("Python's room has crashed: the run took too much memory. The next one opens it anew."))
    this.#heart.port1.postMessage(null)
  }

  /** The next answer that something waits for; rejected if the room ends before. @returns {Promise<Answer>} */
  #answer() {
    const answer = new Promise(resolve => { this.#asked = { resolve } })
    return Promise.race([answer, this.#end])
  }

  /** @param {Answer} answer */
  #receive(answer) {
    const seconds = (performance.now() - this.#began) / 1000
    if (!this.#asked || ++this.#messages > MOST_MESSAGES + MOST_PER_SECOND * seconds) {
      const why = this.#asked ? "sent more than a page can take" : "went on after its end"
      return this.end(new Ended(`The code ${why}, so Python was ended. The next run starts it anew.`))
    }
    const { failed: reason, wants, running, pieces, ended } = answer
    if (reason || ended) this.end(new Ended(String(reason ?? ended).slice(0, 300)))
    else if (wants) this.#hand()
    else if (running) this.watcher?.running()
    else if (pieces) for (const [kind, text] of joined(pieces)) this.watcher?.show(kind, text)
    else {
      this.#asked.resolve(answer)
      this.#asked = undefined
    }
  }

  /** Hands in what draws. */
  async #hand() {
    this.draws = true
    this.watcher?.loading("Loading matplotlib …")
    waiting.add(this)
    try {
      await this.#handIn(await bring(true))
    } catch (error) {
      this.end(error)
    }
  }

  /**
   * Runs code, or answers a form, and returns how it came to its end.
   * @param {Run | Asked} run
   * @param {Watcher} watcher
   * @returns {Promise<Done>}
   * @throws {Ended}
   */
  async run(run, watcher) {
    this.watcher = watcher
    /** @type {ReturnType<typeof setInterval> | undefined} */
    let pulse
    try {
      if (!this.here) {
        await this.ready
        watcher.running()
      }
      this.#messages = 0
      this.#began = performance.now()
      const answer = this.#answer()
      this.#send(run)
      pulse = setInterval(() => this.#feel(), PULSE)
      return copy((await answer).done)
    } finally {
      clearInterval(pulse)
      this.watcher = undefined
    }
  }

  /**
   * Ends the room, and what runs in it. A loop in WebAssembly could only be interrupted through shared memory, which
   * wants special headers of the server.
   * @param {unknown} [error]  Why; those that wait for it are told.
   */
  end(error = new Ended("Python was ended.")) {
    this.alive = false
    waiting.delete(this)
    this.#port.close()
    this.#heart.port1.close()
    this.frame.remove()
    this.#reject(error)
  }
}

/**
 * What a worker says of a run's end, with nothing in it that a page would not expect.
 * @param {Done | undefined} done
 * @returns {Done}
 */
function copy(done) {
  /** @param {unknown} text */
  const text = text => String(text ?? "").slice(0, 5000)
  const { problem, verdict, seconds, answer } = done ?? {}
  return {
    seconds: Number(seconds),
    problem: problem ? {
      line: Number.isInteger(problem.line) ? problem.line : null,
      source: text(problem.source), message: text(problem.message),
    } : null,
    verdict: verdict && { right: verdict.right === true, words: text(verdict.words) },
    answer: answer === undefined ? undefined : String(answer).slice(0, LONGEST_ANSWER),
  }
}

/**
 * Joins what was printed in one go: a page that adds thousands of single letters stands still.
 * @param {[string, string][]} pieces
 */
function joined(pieces) {
  /** @type {[string, string][]} */
  const all = []
  for (const piece of pieces) {
    const kind = String(piece[0]), text = String(piece[1]), last = all[all.length - 1]
    if (last?.[0] === kind && (kind === "out" || kind === "err")) last[1] += text
    else all.push([kind, text])
  }
  return all
}
