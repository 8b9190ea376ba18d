// What every page with code needs before anything is pressed. The rest, run/session.js, comes with the first press.

// The code of a >>> block: no prompts, no outputs; `gaps` puts a blank line after a loop, for those who paste at a prompt.
export function source(text, gaps = false) {
  const code = []
  for (const line of text.split("\n")) {
    const [, prompt, rest] = /^(>>>|\.\.\.)(?: (.*))?$/.exec(line) ?? []
    if (gaps && prompt === ">>>" && /^\s/.test(code.at(-1) ?? "")) code.push("")
    if (prompt) code.push(rest ?? "")
  }
  return code.join("\n") + "\n"
}

// Material's copy button copies `data-clipboard-text` when it is there; this sets it just before.
document.addEventListener("click", event => {
  const button = event.target instanceof Element && event.target.closest("[data-clipboard-target]")
  const block = button && document.querySelector(button.dataset.clipboardTarget)
  if (block?.closest(".language-pycon")) button.dataset.clipboardText = source(block.textContent, true)
}, true)

// Material puts each block's buttons into a <nav>: dozens of landmarks for those who move by landmarks. They are none.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "presentation")
  reachScrolling()
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["tabindex"] })

// What is wider than the screen scrolls; then it can be reached by keyboard too. Material takes the tabindex from code where
// there is no mouse, and there a keyboard is all the more likely to be what scrolls it.
function reachScrolling() {
  for (const block of document.querySelectorAll(":is(.wi-math-block, .md-typeset__scrollwrap, pre > code):not([tabindex])"))
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0
}
reachScrolling()

// Snippets that run here, if the site was built with a Python for the browser and this browser can run it.
const runtime = document.querySelector("meta[name=wi-runtime]")
const snippets = [...document.querySelectorAll("[data-wi-snippet]")]
if (runtime && snippets.length && self.WebAssembly && self.Worker && self.TransformStream) {
  const button = (action, text, name) => `<button type="button" data-wi-${action} aria-label="${name}">${text}</button>`
  for (const [number, snippet] of snippets.entries()) {
    const which = `snippet ${number + 1}`
    snippet.insertAdjacentHTML("beforeend",
      `<div class="wi-run">${button("run", "Run", `Run ${which}`)}${button("stop", "Stop", `Stop ${which}`)}`
      + `${button("edit", "Edit", `Edit ${which}`)}${button("reset", "Reset", `Reset ${which}`)}${button("share", "Share", `Share ${which}`)}</div>`
      + `<div data-wi-output data-wi-state="idle" hidden></div>`)
    for (const action of ["stop", "reset"]) snippet.querySelector(`[data-wi-${action}]`).hidden = true
  }
  const session = () => import("./run/session.js")
  document.addEventListener("click", async event => {
    const pressed = event.target instanceof Element && event.target.closest(".wi-run button, .wi-all button")
    if (pressed) (await session()).press(pressed)
  })
  const open = async () => location.hash.startsWith("#wi-code=") && (await session()).open(location.hash)
  addEventListener("hashchange", open)
  open()

  // The form of the page Diagnose: its script comes with the first touch, or with an address that describes a network.
  const form = document.querySelector(".wi-form")
  if (form) {
    const diagnose = () => import("./run/diagnose.js")
    const describe = async () => location.hash.startsWith("#widths=") && (await diagnose()).read()
    for (const what of ["input", "change"])
      form.addEventListener(what, async event => (await diagnose()).changed(event.target, what === "change"))
    form.addEventListener("submit", async event => {
      event.preventDefault()
      ;(await diagnose()).submitted()
    })
    addEventListener("hashchange", describe)
    describe()
  }
} else document.querySelector(".wi-all")?.remove()

// Figures that answer to the hand come alive shortly before they are seen.
const near = new IntersectionObserver(async entries => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) {
    near.unobserve(target)
    await import("./explorers/shared.js").then(shared => shared.open(target), () => {}) // without it the still picture stays
  }
}, { rootMargin: "200px" })
for (const figure of document.querySelectorAll("[data-wi-explorer]")) near.observe(figure)
