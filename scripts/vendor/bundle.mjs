// Bundles what pages load from others' packages into docs/assets/vendor: `make vendor`, for maintainers.
import { createHash } from "node:crypto"
import fs from "node:fs"
import { build } from "esbuild"

const out = "../../docs/assets/vendor"
const options = { bundle: true, minify: true, target: "es2022", legalComments: "none", loader: { ".css": "text" }, metafile: true, outdir: out }
const bundles = [
  await build({ ...options, entryPoints: ["editor.js", "plot.js"], format: "esm" }),
  await build({ ...options, entryPoints: ["search.js"], format: "iife" }), // for a worker that is no module
]

// Whose work it is, and under which terms.
const packages = new Set(bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs)).map(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean))
const notices = [...packages].sort().map(name => {
  const folder = `node_modules/${name}`
  const { version, license } = JSON.parse(fs.readFileSync(`${folder}/package.json`))
  const file = fs.readdirSync(folder).find(entry => /^licen[cs]e(\.|$)/i.test(entry))
  return `${name} ${version}, ${license}\n\n${fs.readFileSync(`${folder}/${file}`, "utf8").trim()}\n`
})
fs.writeFileSync(`${out}/LICENSES.txt`, notices.join(`\n${"-".repeat(80)}\n\n`))

// What looks for obstacles in the pages, in the tests; its first lines state its license.
fs.copyFileSync("node_modules/axe-core/axe.min.js", "../../tests/axe.min.js")

// What belongs together; tests/test_vendor.py holds the files against it.
const sha256 = path => createHash("sha256").update(fs.readFileSync(path)).digest("hex")
const made = [...["editor.js", "plot.js", "search.js", "LICENSES.txt"].map(name => `docs/assets/vendor/${name}`), "tests/axe.min.js"]
const from = ["package.json", "package-lock.json", "editor.js", "plot.js", "search.js", "bundle.mjs"]
const record = {
  from: Object.fromEntries(from.map(name => [name, sha256(name)])),
  made: Object.fromEntries(made.map(path => [path, sha256(`../../${path}`)])),
}
fs.writeFileSync("made.json", `${JSON.stringify(record, null, 1)}\n`)
