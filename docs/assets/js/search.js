// The worker behind the search box. Material's script starts it with every page and asks it as it would its own, so it
// loads nothing until it is asked something: then the index, made by scripts/search.py, and the engine, MiniSearch.

/** @typedef {{ location: string, title: string, text: string, code: string }} Section */
/** @typedef {Section & { page: string }} Entry  A section with the title of its page. */

// Words that mean the same here. What stands for several words is joined by a plus sign.
const SAME = [
  "xavier glorot", "kaiming he", "xavieruniform glorotuniform", "xaviernormal glorotnormal",
  "kaiminguniform heuniform", "kaimingnormal henormal", "calculategain gain", "gain multiplier",
  "init initialize initializer initialization", "start initial first", "stddev std deviation", "sqrt root",
  "dead dying die", "nan inf overflow infinity", "explode blow diverge", "vanish disappear", "saturate saturation",
  "conv2d conv1d conv convolution kernel", "depthwise grouped", "linear dense fc", "zero 0", "constant equal same",
  "batchnorm bn batch+normalize", "layernorm ln layer+normalize", "normalize norm normalization rmsnorm",
  "resnet residual skip", "rnn recurrent", "lstm gru forget+gate", "transformer gpt bert attention",
  "mup μp maximal+update", "swish silu", "tensorflow tf keras", "torch pytorch", "flax jax", "mlp network",
  "prior focal", "dynamical+isometry orthogonal", "truncnormal truncatednormal truncated+normal", "trunc truncated",
  "rescale factor scale", "pip install setup download", "use choose take pick hurry recommend",
  "large high big", "small low tiny", "rate lr",
]
// Words of a question that say nothing of what is asked, on a site about initialization.
const IDLE = new Set(("a an and are as at be by can do does for from has have how i if in into is it its me my no not "
  + "of on or should so than that the them there this to used was what when where which why will with you your "
  + "initialization initialisation")
  .split(" "))
// Where a reader looks last, and where first.
const WEIGHTS = /** @type {const} */ ([[/^contributing/, .3], [/^(reference|labs|errata|predicted|reproductions)/, .6],
  [/#exercise-/, .5], [/^(questions|glossary|which-gain|ways)/, 1.25]])
const BOOST = { title: 5, page: 2, code: 1.2, text: 1 }

/** @param {string} text */
const escaped = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
/** @param {string} text */
const written = text => text.match(/[-−]?\d+(?:\.\d+)+|[\p{L}\p{N}][\p{L}\p{N}_'’-]*/gu) ?? []
/** American and without its ending: initialise, initialize and initializing are one. @param {string} word */
const stem = word => stemmer(word.replace(/is(e|es|ed|er|ing|ation|ations)$/, "iz$1"))

/**
 * What a word is found by: itself, its stem, and what it is joined from, as in he_normal, GPT-2 and LayerNorm.
 * @param {string} word
 */
function forms(word) {
  const bare = word.replace(/−/g, "-").replace(/['’]s?$/, "").replace(/['’]/g, "")
  if (/^-?\d/.test(bare)) return { whole: bare.replace(/^-/, ""), parts: [] }
  const parts = bare.replace(/(\p{Ll})(\p{Lu})/gu, "$1-$2").toLowerCase().split(/[-_]+/).filter(Boolean)
  return { whole: parts.join(""), parts: parts.length > 1 ? parts.filter(part => part.length > 1) : [] }
}

/** @param {string} text */
function tokens(text) {
  return written(text).flatMap(word => {
    const { whole, parts } = forms(word)
    return [...new Set([whole, ...parts].flatMap(part => [part, stem(part)]))]
  })
}

/**
 * What a word of a question may be called: each a list of words that are all wanted.
 * @param {string} word
 * @returns {string[][]}
 */
function names(word) {
  const { whole, parts } = forms(word)
  const own = [[whole], [stem(whole)], ...(parts.length > 1 ? [parts] : [])]
  const alike = SAME.map(row => row.split(" ")).filter(row => row.some(name => [name, stem(name)].includes(whole)
    || stem(name) === stem(whole))).flat()
  return [...own, ...alike.map(name => name.split("+").map(stem))]
}

/** @type {Promise<{ engine: any, sections: Map<string, Entry> }> | undefined} */
let ready

// Where this file is; without a server it runs in a frame in place of a worker.
const here = self.document?.currentScript?.src ?? String(location)

/** @param {Section[]} [index]  The index, where it came with the page: a copy that is read without a server. */
async function load(index) {
  await importScripts(new URL("../vendor/search.js", here).href)
  /** @type {Section[]} */
  const all = index ?? await (await fetch(new URL("../../search/index.json", here))).json()
  const titles = new Map(all.filter(({ location }) => !location.includes("#")).map(s => [s.location, s.title]))
  const entries = all.map(section => ({ ...section, page: titles.get(section.location.split("#")[0]) ?? "" }))
  const engine = new MiniSearch({
    idField: "location", fields: ["title", "page", "text", "code"], tokenize: tokens, processTerm: term => term,
  })
  engine.addAll(entries)
  return { engine, sections: new Map(entries.map(entry => [entry.location, entry])) }
}

/**
 * The words around the first that was found, with all that were found marked.
 * @param {string} text
 * @param {Set<string>} found
 * @param {number} [length]
 */
function marked(text, found, length = Infinity) {
  const words = text.split(/(?<=\s)/)
  const hit = words.map(word => tokens(word).some(token => found.has(token)))
  let begin = 0
  if (text.length > length) {
    begin = Math.max(0, hit.indexOf(true))
    // Back to where the sentence begins, if that is near.
    for (let back = begin; back > 0 && begin - back < 15; back--)
      if (/[.:?!]\s*$/.test(words[back - 1])) { begin = back; break }
    if (begin < 15) begin = 0
  }
  let [shown, size] = ["", 0]
  for (let place = begin; place < words.length && size < length; place++) {
    shown += hit[place] ? `<mark>${escaped(words[place].trimEnd())}</mark> ` : escaped(words[place])
    size += words[place].length
  }
  return `${begin ? "… " : ""}${shown.trim()}${size < text.length && begin + size < text.length ? " …" : ""}`
}

/** @param {string} asked */
async function search(asked) {
  if (!asked.trim() || !ready) return []
  const { engine, sections } = await ready
  const all = [...new Set(written(asked))]
  const telling = all.filter(word => !IDLE.has(word.toLowerCase()) || /^He$/.test(word))
  const words = telling.length ? telling : all
  /** @type {Map<string, { score: number, words: Set<string>, terms: Set<string> }>} */
  const found = new Map()
  for (const word of words) {
    const { whole } = forms(word)
    const last = word === words.at(-1)
    const results = engine.search({
      combineWith: "OR",
      queries: names(word).map((queries, place) => ({
        combineWith: "AND", queries, tokenize: (/** @type {string} */ term) => [term],
        prefix: (/** @type {string} */ term) => place === 0 && term.length > (last ? 1 : 3),
        fuzzy: place === 0 && whole.length > 4 && !/\d/.test(whole) ? .2 : false,
      })),
    }, { boost: BOOST, weights: { fuzzy: .1, prefix: .3 }, bm25: { k: 1.2, b: .6, d: .5 } })
    for (const { id, score, terms } of results) {
      const entry = found.get(id) ?? { score: 0, words: new Set(), terms: new Set() }
      entry.score += score
      entry.words.add(word)
      for (const term of terms) entry.terms.add(term)
      found.set(id, entry)
    }
  }
  /** @type {Map<string, any[]>} */
  const pages = new Map()
  const ranked = [...found].map(([id, { score, words: has, terms }]) => {
    const weight = WEIGHTS.reduce((product, [where, by]) => where.test(id) ? product * by : product, 1)
    return { id, terms, has, score: score * weight * (has.size / words.length) ** 2 }
  }).sort((one, other) => other.score - one.score)
  for (const { id, terms, has, score } of ranked.slice(0, 60)) {
    const { location, title, text } = /** @type {Entry} */ (sections.get(id))
    const page = location.split("#")[0]
    const item = {
      location, score, title: marked(title, terms), text: `<p>${marked(text, terms, 180)}</p>`,
      terms: Object.fromEntries(words.map(word => [word, has.has(word)])),
    }
    pages.set(page, [...pages.get(page) ?? [], item])
  }
  // Material shows a page by its own entry, and below it the best section.
  for (const [page, items] of pages) if (!items.some(({ location }) => location === page)) {
    const { location, title } = /** @type {Entry} */ (sections.get(page))
    items.push({ location, title: escaped(title), text: "", score: 0, terms: {} })
  }
  return [...pages.values()]
}

// Messages of Material's script, and answers: 0 begins and 1 says so, 2 asks and 3 answers.
addEventListener("message", async ({ data: { type, data } }) => {
  if (type === 0 && data.docs.length) ready = load(data.docs)
  if (type === 2 && data.trim()) ready ??= load()
  postMessage(type === 0 ? { type: 1 } : { type: 3, data: { items: await search(data) } })
})
