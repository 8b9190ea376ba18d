// Python in a worker, which has no access to the page or its cookies, and can be ended at any moment. Its messages are
// described in scripts/vendor/types/messages.d.ts.

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Answer} Answer
 * @typedef {import("../../../../scripts/vendor/types/messages").Problem} Problem
 * @typedef {import("../../../../scripts/vendor/types/messages").Run} Run
 * @typedef {import("../../../../scripts/vendor/types/messages").Verdict} Verdict
 * @typedef {import("../../../../scripts/vendor/types/pyodide").Pyodide} Pyodide
 * @typedef {import("../../../../scripts/vendor/types/pyodide").Runner} Runner
 * @typedef {import("../../../../scripts/vendor/types/pyodide").Exercises} Exercises
 * @typedef {{ files: Record<string, { size: number, gzip: number }>, first: string[] }} Lock  Sizes of files, as they
 *   are and as they travel, and the names of those that the first press loads.
 */

const base = new URL("../../../runtime/", import.meta.url)
// The page adds the digest of all files to the worker's address. Requests repeat it, so that caches keep versions
// apart.
const { searchParams } = new URL(import.meta.url)
const RETRY = "Check the connection, then press Run again."
const REPORT_EVERY = 50 // ms between two messages about the same thing
const FLUSH_UP_TO = 100 // pieces of output that are sent at once; those after them wait for the next message

// The platform's own function, before `close` takes it away.
const browserFetch = self.fetch.bind(self)
/** Names of files that did not come. @type {Set<string>} */
const failed = new Set()
/** The part of each file that has come. @type {Record<string, number>} */
const loaded = {}
/** @type {Lock["files"]} */
let files = {}
/** Names of the files that progress counts; none until the lock is here. @type {string[]} */
let expected = []
let reported = 0
/** @type {(error: Error) => void} */
let lose
/** Is rejected when a file does not come: Pyodide waits forever for some. @type {Promise<never>} */
const lost = new Promise((_, reject) => { lose = reject })
// Without a handler a rejection that nobody awaits yet would be reported as an error.
lost.catch(() => {})

/** Files that did not come, by their names; the page shows the message. */
class NotLoaded extends Error {
  /** @param {string[]} names */
  constructor(...names) {
    super(`${names.join(", ")} could not be loaded. ${RETRY}`)
  }
}

/** @param {Answer} answer */
const answer = answer => postMessage(answer)

/** @param {unknown} error */
const messageOf = error => error instanceof Error ? error.message : String(error)

/**
 * @param {string} name  Of a file.
 * @param {number} part  Of it that has come.
 */
function report(name, part) {
  loaded[name] = part
  if (!expected.length || (performance.now() - reported < REPORT_EVERY && part < 1)) return
  reported = performance.now()
  // Bytes as they travel, compressed; what arrives is counted unpacked, as a part of the whole file.
  let bytes = 0, all = 0
  for (const file of expected) {
    bytes += (loaded[file] ?? 0) * files[file].gzip
    all += files[file].gzip
  }
  answer({ progress: { name, bytes, all } })
}

/**
 * The `fetch` that Pyodide uses: it counts bytes, and remembers what did not come.
 * @type {typeof fetch}
 */
async function countingFetch(input, options) {
  const { pathname } = new URL(input instanceof Request ? input.url : input, base)
  const name = pathname.slice(pathname.lastIndexOf("/") + 1)
  const response = await browserFetch(input, options).catch(() => null)
  if (!response?.ok || !response.body) {
    failed.add(name)
    const error = new NotLoaded(name)
    lose(error)
    throw error
  }
  // Two readers: Pyodide gets the response, and the copy is read here to count.
  const copy = response.clone()
  if (copy.body) count(name, copy.body.getReader())
  return response // the browser's own: it may come with compiled code from an earlier visit
}

/**
 * @param {string} name
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
async function count(name, reader) {
  for (let seen = 0; ;) {
    const { value } = await reader.read().catch(() => ({ value: undefined }))
    // The end of the file, or of the connection; in the latter case Pyodide's own reader fails.
    if (!value) return
    seen += value.byteLength
    report(name, Math.min(1, seen / (files[name]?.size ?? Infinity)))
  }
}

// What the reader runs, a link's code perhaps, has no business with other hosts or with stored data.
const CLOSED = [
  "fetch", "XMLHttpRequest", "WebSocket", "EventSource", "importScripts", "indexedDB", "caches", "BroadcastChannel",
  "Worker", "WebTransport",
]
/** @type {[string, unknown][]} */
const originals = CLOSED.map(name => [name, Reflect.get(self, name)])

/** Gives the platform's functions back to Pyodide, which loads files with them. */
function open() {
  for (const [name, value] of originals)
    Object.defineProperty(self, name, { value, configurable: true, writable: true })
  self.fetch = countingFetch
}

/** Takes them away, on the prototypes too, where they would be found again. */
function close() {
  // Most of these are properties of the worker's prototypes. An own property hides them, and
  // `Object.getPrototypeOf(self)` would still show them.
  for (let scope = self; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope))
    for (const name of CLOSED)
      if (scope === self || Object.hasOwn(scope, name))
        Object.defineProperty(scope, name, { value: undefined, configurable: true, writable: true })
}

/**
 * Loads packages.
 * @param {Pyodide} python
 * @param {string[]} names
 */
async function load(python, names) {
  open()
  try {
    await python.loadPackage(names, { messageCallback: () => {}, errorCallback: () => {} })
  } finally {
    close()
  }
  if (failed.size) {
    const error = new NotLoaded(...failed)
    failed.clear()
    throw error
  }
}

/**
 * Imports one of Pyodide's scripts.
 * @param {string} name
 */
const imported = name => import(new URL(name, base).href).catch(() => { throw new NotLoaded(name) })

/** Starts Python, with the package of this site and with what runs code. */
async function start() {
  const version = `?${searchParams}`
  try {
    self.fetch = countingFetch
    const lockFileURL = new URL(`pyodide-lock.json${version}`, base).href
    const source = countingFetch(new URL(`in_browser.py${version}`, base)).then(response => response.text())
    // Pyodide fetches the lock itself; this copy is for the progress, which works without it too.
    countingFetch(lockFileURL).then(response => response.json()).then((/** @type {Lock} */ lock) => {
      files = lock.files
      expected = lock.first
    }, () => {})
    source.catch(() => {})
    // Pyodide would import its second script by itself, but then only the browser's words would say which is missing.
    /** @type {import("../../../../scripts/vendor/types/pyodide")[]} */
    const [pyodide] = await Promise.all(["pyodide.mjs", "pyodide.asm.js"].map(imported))
    const loading = pyodide.loadPyodide({
      indexURL: base.href, lockFileURL, packages: ["wi-docs"], env: { HOME: "/home/reader", MPLBACKEND: "svg" },
    })
    // Whichever comes first: Python, or the failure of a file.
    const python = await Promise.race([loading, lost])
    if (failed.size) throw new NotLoaded(...failed)
    // In the folder of the standard library, whose name has Python's version, the module can be imported from anywhere.
    const library = python.runPython("import sysconfig; sysconfig.get_path('stdlib')")
    python.FS.writeFile(`${library}/in_browser.py`, await source)
    const runner = /** @type {Runner} */ (python.pyimport("in_browser"))
    close()
    return { python, runner }
  } catch (error) {
    if (error instanceof NotLoaded) throw error
    if (failed.size) throw new NotLoaded(...failed) // Pyodide has put the error into words of its own
    throw new Error(`Python did not start: ${messageOf(error)}. ${RETRY}`)
  }
}

const started = start()
started.catch(error => answer({ failed: messageOf(error) }))

/** @param {MessageEvent<Run>} message */
onmessage = async ({ data: { code, prompt, alone, exercise } }) => {
  /** @type {[string, string][]} */
  let pieces = []
  let sent = performance.now(), told = 0
  const flush = () => {
    if (pieces.length) answer({ pieces })
    pieces = []
    sent = performance.now()
  }
  /** @param {string} kind @param {string} text */
  const tell = (kind, text) => {
    pieces.push([kind, text])
    // A loop that prints little and then nothing is seen at once; one that prints much must not choke the page.
    if (++told <= FLUSH_UP_TO || performance.now() - sent > REPORT_EVERY) flush()
  }
  let names
  try {
    const { python, runner } = await started
    // matplotlib is large, and is loaded only when code draws for the first time.
    if (runner.draws(code) && !python.loadedPackages.matplotlib) {
      answer({ loading: "matplotlib" })
      expected = Object.keys(files)
      await load(python, ["matplotlib"])
      runner.prepare_to_draw()
    }
    answer({ running: true })
    // An exercise has a namespace of its own; snippets share that of the page.
    names = alone ? python.toPy({}) : undefined
    const began = performance.now()
    // Python runs to its end within this call; pieces of output go to the page meanwhile.
    const problem = runner.run.callKwargs(code, tell, { prompt, ...(names ? { names } : {}) })
    const seconds = (performance.now() - began) / 1000
    /** @type {Verdict | undefined} */
    let verdict
    if (exercise && !problem) {
      const [page, name] = exercise.split("/")
      const exercises = /** @type {Exercises} */ (python.pyimport("wi_docs.pages.exercises"))
      const { right, words, change, outcome } = exercises.judge(page, name, names)
      verdict = { right, words, change, outcome }
    }
    flush()
    // A copy in plain JavaScript, since objects of Python cannot be sent to the page.
    answer({ done: { problem: problem?.toJs({ dict_converter: Object.fromEntries }) ?? null, seconds, verdict } })
  } catch (error) {
    flush()
    // Not an exception of the reader's code, which Python reports: Python itself has ended.
    const first = messageOf(error).split("\n")[0].slice(0, 120)
    const ended = error instanceof NotLoaded
      ? error.message
      : `Python ran out of memory or of stack and ended (${first}). Run starts it anew.`
    answer({ ended })
  } finally {
    names?.destroy()
  }
}
