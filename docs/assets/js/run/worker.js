// Python in a worker: it sees neither the page nor its cookies, and can be ended at any moment.
// The page sends {code, prompt, alone, check}; this answers {progress}, {loading}, {running}, {pieces}, and {done}, {ended} or {failed}.

const base = new URL("../../../runtime/", import.meta.url)
const { searchParams } = new URL(import.meta.url)
const fetchFile = self.fetch.bind(self)
const failed = new Set()
let lose
const lost = new Promise((_, reject) => { lose = reject }) // Pyodide waits forever for some files that do not come
lost.catch(() => {})
const loaded = {}
let files = {}, expected = [], reported = 0, python, runner // files: their sizes, as they are and as they travel

// A file that did not come, by its name; the page says so in words.
class NotLoaded extends Error {
  constructor(...files) {
    super(`${files.join(", ")} could not be loaded. Check the connection, then press Run again.`)
  }
}
const basename = url => new URL(url, base).pathname.split("/").at(-1)

function report(name, part) {
  loaded[name] = part
  if (!expected.length || (performance.now() - reported < 50 && part < 1)) return // before the lock is here there is no whole
  reported = performance.now()
  let bytes = 0, all = 0
  for (const file of expected) {
    bytes += (loaded[file] ?? 0) * files[file].gzip
    all += files[file].gzip
  }
  postMessage({ progress: { name, bytes, all } })
}

// Pyodide fetches through this: it counts bytes, and remembers what did not come.
async function counted(input, options) {
  const name = basename(input.url ?? input)
  const response = await fetchFile(input, options).catch(() => null)
  if (!response?.ok) {
    failed.add(name)
    const error = new NotLoaded(name)
    lose(error)
    throw error
  }
  count(name, response.clone().body.getReader())
  return response // the browser's own: it may come with compiled code from an earlier visit
}

async function count(name, reader) {
  for (let seen = 0; ;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }))
    if (done) return
    seen += value.byteLength
    report(name, Math.min(1, seen / (files[name]?.size ?? Infinity)))
  }
}

// What the reader runs, a link's code perhaps, has no business with other hosts or with stored data.
const closed = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "importScripts", "indexedDB", "caches", "BroadcastChannel", "Worker", "WebTransport"]
const opened = Object.fromEntries(closed.map(name => [name, self[name]]))
const open = () => {
  for (const name of closed) Object.defineProperty(self, name, { value: opened[name], configurable: true, writable: true })
  self.fetch = counted
}
const close = () => { // on the prototypes too, where they would be found again
  for (let scope = self; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope))
    for (const name of closed)
      if (scope === self || Object.hasOwn(scope, name))
        Object.defineProperty(scope, name, { value: undefined, configurable: true, writable: true })
}

async function load(names) {
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

const imported = name => import(new URL(name, base)).catch(() => { throw new NotLoaded(name) })

async function start() {
  const version = `?${searchParams}`
  try {
    self.fetch = counted
    const lockFileURL = new URL(`pyodide-lock.json${version}`, base).href
    const source = counted(new URL(`in_browser.py${version}`, base)).then(response => response.text())
    counted(lockFileURL).then(response => response.json()).then(lock => {
      files = lock.files
      expected = lock.first
    }, () => {})
    source.catch(() => {})
    // Pyodide would import its second script by itself, but then only the browser's words would say which is missing.
    const [pyodide] = await Promise.all(["pyodide.mjs", "pyodide.asm.js"].map(imported))
    const loading = pyodide.loadPyodide({
      indexURL: base.href, lockFileURL, packages: ["wi-docs"], env: { HOME: "/home/reader", MPLBACKEND: "svg" },
    })
    python = await Promise.race([loading, lost])
    if (failed.size) throw new NotLoaded(...failed)
    python.FS.writeFile(`${python.runPython("import sysconfig; sysconfig.get_path('stdlib')")}/in_browser.py`, await source)
    runner = python.pyimport("in_browser")
    close()
  } catch (error) {
    if (error instanceof NotLoaded) throw error
    if (failed.size) throw new NotLoaded(...failed) // Pyodide has put the error into words of its own
    throw new Error(`Python did not start: ${error.message}. Check the connection, then press Run again.`)
  }
}

const ready = start()
ready.catch(error => postMessage({ failed: error.message }))

onmessage = async ({ data: { code, prompt, alone, check } }) => {
  let pending = [], last = performance.now(), told = 0
  const flush = () => {
    if (pending.length) postMessage({ pieces: pending })
    pending = []
    last = performance.now()
  }
  const tell = (kind, text) => {
    pending.push([kind, text])
    // A loop that says little and then nothing is seen at once; one that says much must not choke the page.
    if (++told <= 100 || performance.now() - last > 50) flush()
  }
  let names
  try {
    await ready
    if (runner.draws(code) && !python.loadedPackages.matplotlib) {
      postMessage({ loading: "matplotlib" })
      expected = Object.keys(files)
      await load(["matplotlib"])
      runner.prepare_to_draw()
    }
    postMessage({ running: true })
    names = alone ? python.toPy({}) : undefined
    const began = performance.now()
    const problem = runner.run.callKwargs(code, tell, { prompt, ...(alone ? { names } : {}) })
    const seconds = (performance.now() - began) / 1000
    let verdict
    if (check && !problem) {
      const judged = python.pyimport("wi_docs.pages.exercises").judge(...check.split("/"), names)
      const { right, words, change, outcome } = judged
      verdict = { right, words, change, outcome }
    }
    flush()
    postMessage({ done: { problem: problem?.toJs({ dict_converter: Object.fromEntries }) ?? null, seconds, verdict } })
  } catch (error) {
    flush()
    // Not an exception of the reader's code, which Python reports: Python itself has ended.
    const words = error instanceof NotLoaded
      ? error.message
      : `Python ran out of memory or of stack and ended (${String(error.message).split("\n")[0].slice(0, 120)}). Run starts it anew.`
    postMessage({ ended: words })
  } finally {
    names?.destroy()
  }
}
