// Writes the one script of a copy that is read without a server, where browsers load no modules: `make offline`.
// usage: node offline.mjs FOLDER_OF_ASSETS FILE
import fs from "node:fs"
import path from "node:path"
import { build } from "esbuild"

const [assets, outfile] = process.argv.slice(2)
const js = path.resolve(assets, "js")
// What stands in for files that pages fetch: scripts/offline.py has put them into `wiFiles`, by their place in the site.
const contents = `
  import "iframe-worker/shim"
  const root = new URL("../", document.currentScript.src)
  self.wiBase = new URL("assets/js/", root).href
  self.fetch = async address => {
    const place = decodeURI(String(address)).replace(decodeURI(root.href), "")
    return new Response(self.wiFiles[place] ?? null, { status: place in self.wiFiles ? 200 : 404 })
  }
  import(${JSON.stringify(`${js}/code.js`)})
`
await build({
  stdin: { contents, resolveDir: "." }, outfile, bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "none",
  external: ["./run/*"], // pages have no Run there
  plugins: [{
    name: "addresses", // each file's own, which a bundle has not
    setup: ({ onLoad }) => onLoad({ filter: /\/assets\/js\/.*\.js$/ }, ({ path: file }) => ({
      contents: fs.readFileSync(file, "utf8")
        .replaceAll("import.meta.url", `new URL(${JSON.stringify(path.relative(js, file))}, self.wiBase)`)
        .replace("${failures ? `?${failures}` : \"\"}", ""), // a module does not fail to come, and so needs no second address
    })),
  }],
})
