// Python in a worker. The worker stands in a frame that has no origin and no network (room.html); all files that it
// needs are handed in by the page (room.js). Its messages are described in scripts/vendor/types/messages.d.ts.

/**
 * @typedef {import("../../../../scripts/vendor/types/messages").Answer} Answer
 * @typedef {import("../../../../scripts/vendor/types/messages").Asked} Asked
 * @typedef {import("../../../../scripts/vendor/types/messages").Order} Order
 * @typedef {import("../../../../scripts/vendor/types/messages").Run} Run
 * @typedef {import("../../../../scripts/vendor/types/pyodide").Pyodide} Pyodide
 * @typedef {import("../../../../scripts/vendor/types/pyodide").Runner} Runner
 */

const BASE = "https://files.invalid/" // of addresses that Pyodide asks for; nothing is asked of a network
const OURS = ["wi_docs.zip", "in_browser.py"] // files that are none of Pyodide's
const FLUSH_EVERY = 50 // ms between two messages with output
const FLUSH_UP_TO = 100 // pieces of output that are sent at once; those after them wait for the next message
const LONGEST = 1_000_000 // characters of a piece of output

/** Files by their names in the lock, each here or on its way. @type {Map<string, Promise<ArrayBuffer>>} */
const files = new Map()
/** Is called with a file that was on its way. @type {Map<string, (bytes: ArrayBuffer) => void>} */
const handed = new Map()
/** Is called when the page has named the files that were asked for. @type {() => void} */
let named = () => {}
/** @type {Promise<{ python: Pyodide, runner: Runner }> | undefined} */
let started
/** @type {(message: Answer) => void} */
let answer
// Taken now, since the code that runs here may put something else in their places.
const [startTimer, endTimer, now] = [setTimeout.bind(self), clearTimeout.bind(self), performance.now.bind(performance)]

/** @param {unknown} error */
const messageOf = error => error instanceof Error ? error.message : String(error)

/**
 * The `fetch` that Pyodide uses: it answers with the files that were handed in.
 * @param {RequestInfo | URL} input
 */
self.fetch = async input => {
  const name = new URL(input instanceof Request ? input.url : input, BASE).pathname.slice(1)
  const file = await files.get(name)
  const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream"
  return file ? new Response(file, { headers: { "Content-Type": type } }) : new Response(null, { status: 404 })
}

/**
 * Imports one of Pyodide's scripts.
 * @param {string} name
 */
async function imported(name) {
  const file = await files.get(name)
  return import(URL.createObjectURL(new Blob(file ? [file] : [], { type: "text/javascript" })))
}

/**
 * Starts Python, with the package of this site and with what runs code.
 * @param {boolean} draws  Whether matplotlib is among the files.
 */
async function start(draws) {
  /** @type {import("../../../../scripts/vendor/types/pyodide")[]} */
  const [pyodide] = await Promise.all(["pyodide.mjs", "pyodide.asm.js"].map(imported))
  const python = await pyodide.loadPyodide({
    indexURL: BASE, packages: ["numpy"], env: { HOME: "/home/reader", MPLBACKEND: "svg" },
  })
  python.FS.mkdir("/ours")
  for (const name of OURS) {
    const bytes = /** @type {ArrayBuffer} */ (await files.get(name))
    python.FS.writeFile(`/ours/${name}`, new Uint8Array(bytes))
  }
  // Python imports from a zip as it is: unpacking 150 files would take longer than all else that we add to Pyodide.
  python.runPython("import sys; sys.path += ['/ours', '/ours/wi_docs.zip']")
  const runner = /** @type {Runner} */ (python.pyimport("in_browser"))
  if (draws) await prepareToDraw(python, runner)
  return { python, runner }
}

/**
 * @param {Pyodide} python
 * @param {Runner} runner
 */
async function prepareToDraw(python, runner) {
  await python.loadPackage(["matplotlib"], { messageCallback: () => {}, errorCallback: () => {} })
  runner.prepare_to_draw()
}

/**
 * Runs code, and tells the page what comes of it.
 * @param {Run} run
 */
async function execute({ code, prompt, alone, exercise, module }) {
  /** @type {[string, string][]} */
  let pieces = []
  let sent = now(), told = 0
  const flush = () => {
    if (pieces.length) answer({ pieces })
    pieces = []
    sent = now()
  }
  /** @param {string} kind @param {string} text */
  const tell = (kind, text) => {
    pieces.push([kind, text.length > LONGEST ? text.slice(0, LONGEST + 1) : text])
    // A loop that prints little and then nothing is seen at once; one that prints much must not choke the page.
    if (++told <= FLUSH_UP_TO || now() - sent > FLUSH_EVERY) flush()
  }
  let names
  try {
    const { python, runner } = await /** @type {NonNullable<typeof started>} */ (started)
    // matplotlib is large, and is loaded only when code draws for the first time.
    if (runner.draws(code) && !python.loadedPackages.matplotlib) {
      const known = new Promise(resolve => { named = () => resolve(undefined) })
      answer({ wants: "matplotlib" })
      await known
      await prepareToDraw(python, runner)
    }
    answer({ running: true })
    const firstTimer = startTimer(() => {})
    // An exercise has a namespace of its own; snippets share that of the page, and examples that of their module.
    names = alone && !module ? python.toPy({}) : undefined
    const began = now()
    // Python runs to its end within this call; pieces of output go to the page meanwhile.
    const where = names ? { names } : module ? { module } : {}
    const problem = runner.run.callKwargs(code, tell, { prompt, ...where })
    const seconds = (now() - began) / 1000
    const [page, name] = exercise?.split("/") ?? []
    const verdict = exercise && !problem ? runner.judge(page, name, names) : undefined
    // Timers have ascending numbers: none that the code has started goes on.
    for (let timer = startTimer(() => {}); timer >= firstTimer; timer--) endTimer(timer)
    flush()
    // Copies in plain JavaScript, since objects of Python cannot be sent to the page.
    const plain = { dict_converter: Object.fromEntries }
    answer({ done: { problem: problem?.toJs(plain) ?? null, seconds, verdict: verdict?.toJs(plain) } })
  } catch (error) {
    flush()
    end(error)
  } finally {
    names?.destroy()
  }
}

/**
 * Answers what a form asks. The reader's file lies in the memory of this worker for as long as that takes.
 * @param {Asked} asked
 */
async function respond({ fields, file }) {
  const { python, runner } = await /** @type {NonNullable<typeof started>} */ (started)
  const path = file ? `/tmp/${file.name}` : ""
  try {
    if (file) python.FS.writeFile(path, new Uint8Array(file.bytes))
    answer({ running: true })
    const began = now()
    const said = runner.answer(JSON.stringify(fields), path)
    answer({ done: { problem: null, seconds: (now() - began) / 1000, answer: said } })
    if (file) python.FS.unlink(path)
  } catch (error) {
    end(error)
  }
}

/**
 * Tells that Python itself has ended. An exception of the reader's code is none of these, since Python reports it.
 * @param {unknown} error
 */
function end(error) {
  const first = messageOf(error).split("\n")[0].slice(0, 120)
  answer({ ended: `Python ran out of memory or of stack and ended (${first}). The next run starts it anew.` })
}

onmessage = ({ ports: [port] }) => {
  onmessage = null
  // Only this function knows the port, and only by this method: the code that runs here cannot find it.
  answer = port.postMessage.bind(port)
  /** @param {MessageEvent<Order>} order */
  port.onmessage = ({ data }) => {
    if ("code" in data) return execute(data)
    if ("fields" in data) return respond(data)
    if ("bytes" in data) return handed.get(data.name)?.(data.bytes)
    for (const name of data.names) if (!files.has(name))
      files.set(name, new Promise(resolve => { handed.set(name, resolve) }))
    if (started) return named()
    started = start(data.draws)
    started.then(
      () => answer({ ready: true }), error => answer({ failed: `Python did not start: ${messageOf(error)}.` }))
  }
  try {
    // The shortest module. A host may forbid WebAssembly by a policy of its own.
    new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
    answer({ there: true })
  } catch {
    answer({ failed: "This host forbids WebAssembly, in which Python runs here, by its Content-Security-Policy." })
  }
}
