// The script of every page with code: it makes buttons, and loads the rest, such as run/session.js, when it is needed.

/**
 * The code of a >>> block, without prompts and outputs.
 * @param {string} text
 * @param {boolean} [gaps]  Whether a blank line ends each loop, for those who paste at a prompt.
 */
export function source(text, gaps = false) {
  /** @type {string[]} */
  const code = []
  for (const line of text.split("\n")) {
    // A line without a prompt is output, and is left out.
    const [, prompt, rest] = /^(>>>|\.\.\.)(?: (.*))?$/.exec(line) ?? []
    // At a prompt a loop goes on until a blank line. An indented line before a new statement was the loop's last.
    if (gaps && prompt === ">>>" && /^\s/.test(code.at(-1) ?? "")) code.push("")
    if (prompt) code.push(rest ?? "")
  }
  return code.join("\n") + "\n"
}

/**
 * The nearest element around an event's target that the selector names.
 * @param {Event} event
 * @param {string} selector
 */
function closest({ target }, selector) {
  return target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(selector)) : null
}

/**
 * The element that a selector names, which has to be there.
 * @param {ParentNode} root
 * @param {string} selector
 */
export function find(root, selector) {
  const element = root.querySelector(selector)
  if (!(element instanceof HTMLElement)) throw new Error(`no ${selector}`)
  return element
}

/**
 * Copies a text, and says whether it did: a page that comes without https has no clipboard, and a reader may refuse it.
 * @param {string} text
 */
export const copied = text => navigator.clipboard?.writeText(text).then(() => true, () => false) ?? false

/**
 * Loads a script that is wanted now. If it cannot be had, it says so. The next press tries again.
 * @template T
 * @param {() => Promise<T>} script
 * @param {Element | null} place  The element at whose end it is said.
 */
async function loaded(script, place) {
  place?.querySelector(".wi-unloaded")?.remove()
  try {
    return await script()
  } catch {
    place?.insertAdjacentHTML("beforeend", `<p class="wi-unloaded" role="alert">A script of this page could not be
      loaded. Are you online? Try again, or load the page anew.</p>`)
  }
}

// Material's copy button copies `data-clipboard-text` when it is there; this sets it just before.
// In the capturing phase, which comes before Material's own listener.
document.addEventListener("click", event => {
  const button = closest(event, "[data-clipboard-target]")
  const block = button && document.querySelector(String(button.dataset.clipboardTarget))
  if (button && block?.closest(".language-pycon")) button.dataset.clipboardText = source(block.textContent ?? "", true)
}, true)

// What is wider than the screen scrolls; then it can be reached by keyboard too. Material takes the tabindex from code
// where there is no mouse, and there a keyboard is all the more likely to be what scrolls it. An observer is told of
// each block after the page was laid out. To ask for a width before would make the browser lay it out once more.
const wide = new IntersectionObserver(entries => {
  const scrolls = entries.map(entry => entry.target).filter(block => block.scrollWidth > block.clientWidth)
  for (const block of scrolls)
    if (block instanceof HTMLElement && !block.hasAttribute("tabindex")) block.tabIndex = 0
})

// Material puts each block's buttons into a <nav>: dozens of landmarks for those who move by landmarks. They are none.
function lookAround() {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "presentation")
  for (const block of document.querySelectorAll(":is(.wi-math-block, .md-typeset__scrollwrap, pre > code)"))
    wide.observe(block)
}
new MutationObserver(changes => {
  for (const { type, target } of changes) if (type === "attributes" && target instanceof Element) wide.unobserve(target)
  lookAround() // what was unobserved is looked at anew
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["tabindex"] })
lookAround()

// The button by which a keyboard opens Material's drawer, a checkbox that is not shown.
const opener = document.querySelector(".wi-drawer"), drawer = document.querySelector("#__drawer")
if (opener && drawer instanceof HTMLInputElement) {
  opener.addEventListener("click", () => drawer.click())
  drawer.addEventListener("change", () => { opener.ariaExpanded = String(drawer.checked) })
}

// A call, or a name in quotes, in a table is copied by a press, unless it ends a sentence: a button would stand alone.
for (const call of document.querySelectorAll(".wi-table td code")) {
  if (!/\)$|^"/.test(call.textContent ?? "") || /^[.;:]/.test(call.nextSibling?.textContent ?? "")) continue
  const button = document.createElement("button")
  Object.assign(button, { type: "button", className: "wi-copy", title: "Copy" })
  call.replaceWith(button)
  button.append(call)
  button.addEventListener("click", async () => {
    button.title = await copied(call.textContent ?? "") ? "Copied" : "Not copied: the browser does not allow it"
  })
}

// Snippets that run here, if the site was built with a Python for the browser and this browser can run it.
const runtime = document.querySelector("meta[name=wi-runtime]")
const snippets = [...document.querySelectorAll("[data-wi-snippet]")]
const all = document.querySelector(".wi-all")
const lacking = !self.WebAssembly ? "WebAssembly" : isSecureContext ? "" : "https"
if (runtime && snippets.length && !lacking) {
  /** @param {string} action @param {string} text @param {string} which */
  const button = (action, text, which) =>
    `<button type="button" data-wi-${action} aria-label="${text} ${which}">${text}</button>`
  for (const [number, snippet] of snippets.entries()) {
    const which = `snippet ${number + 1}`
    const takes = snippet instanceof HTMLElement && snippet.dataset.wiSeconds
    snippet.setAttribute("data-wi-snippet", "runs") // its buttons take the place that was kept for them
    snippet.insertAdjacentHTML("beforeend",
      `<div class="wi-run">${button("run", "Run", which)}${button("stop", "Stop", which)}`
      + `${button("edit", "Edit", which)}${button("reset", "Reset", which)}${button("share", "Share", which)}`
      + `${takes ? `<span>${takes}</span>` : ""}</div>`
      + `<div data-wi-output data-wi-state="idle" hidden></div>`)
    find(snippet, "[data-wi-stop]").hidden = find(snippet, "[data-wi-reset]").hidden = true
  }
  // A module is loaded once, however often it is imported.
  const session = () => import("./run/session.js")
  document.addEventListener("click", async event => {
    const pressed = closest(event, ".wi-run button, .wi-all button")
    if (pressed) (await loaded(session, pressed.closest("[data-wi-snippet], .wi-all")))?.press(pressed)
  })
  // An address that ends in code, made by Share.
  const open = async () => location.hash.startsWith("#wi-code=") && (await loaded(session, all))?.open(location.hash)
  addEventListener("hashchange", open)
  open()

  // Shift and Enter run what is being edited, as in a notebook.
  document.addEventListener("keydown", event => {
    const editor = event.key === "Enter" && event.shiftKey && closest(event, ".wi-editor")
    if (!editor) return
    event.preventDefault()
    event.stopPropagation()
    find(/** @type {HTMLElement} */ (editor.parentElement), "[data-wi-run]").click()
  }, true)

  // The form of the page Diagnose: its script comes with the first touch, or with an address that describes a network.
  const form = document.querySelector(".wi-form")
  if (form) {
    const result = form.querySelector(".wi-form__result")
    const diagnose = () => loaded(() => import("./run/diagnose.js"), result)
    const describe = async () =>
      location.hash.startsWith("#widths=") && (await diagnose())?.open(location.hash.slice(1))
    for (const what of ["input", "change"])
      form.addEventListener(what, async event => (await diagnose())?.change(event.target, what === "change"))
    form.addEventListener("submit", async event => {
      event.preventDefault()
      ;(await diagnose())?.submit()
    })
    form.addEventListener("click", async event => {
      const pressed = closest(event, "[type=button]")
      if (pressed) (await diagnose())?.press(/** @type {HTMLButtonElement} */ (pressed))
    })
    // A file that is dropped anywhere is chosen. Without this the browser would leave the page and show the file.
    for (const what of ["dragover", "drop"])
      document.addEventListener(what, event => {
        const { dataTransfer } = /** @type {DragEvent} */ (event)
        if (!dataTransfer?.types.includes("Files")) return
        event.preventDefault()
        if (what === "dragover") return
        const chosen = /** @type {HTMLInputElement} */ (find(form, "[type=file]"))
        chosen.files = dataTransfer.files
        chosen.dispatchEvent(new Event("change", { bubbles: true }))
      })
    addEventListener("hashchange", describe)
    describe()
  }
  // An exercise opens its editor shortly before it is in sight, unless the reader saves data.
  const soon = new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) {
      soon.unobserve(target)
      import("./run/exercises.js").then(({ prepare }) => prepare(/** @type {HTMLElement} */ (target)), () => {})
    }
  }, { rootMargin: "400px" })
  if (!/** @type {any} */ (navigator).connection?.saveData)
    for (const exercise of document.querySelectorAll("[data-wi-exercise]")) soon.observe(exercise)
} else {
  if (all) all.textContent = `To run code here, ${lacking} is needed.`
  for (const useless of document.querySelectorAll(".wi-form, .wi-exercise__task")) useless.remove()
}

// A claim's card leads to the ledger. The rest of its text is fetched when it is first opened; if that fails, the link
// stays.
document.addEventListener("beforetoggle", async ({ target: card }) => {
  const [, name] = card instanceof HTMLElement && /^claim-(\w+)/.exec(card.id) || []
  if (!(card instanceof HTMLElement) || !name) return
  // It stands below its mark, or above it in the lower half of the window. It is as high as half of the window at most.
  const mark = document.querySelector(`[popovertarget="${card.id}"]`)?.getBoundingClientRect()
  if (mark) card.style.inset = mark.top > innerHeight / 2 ? `auto 1rem ${innerHeight - mark.top + 4}px`
    : `${mark.bottom + 4}px 1rem auto`
  if (card.ariaLive) return
  card.ariaLive = "polite"
  const site = new URL("../../", import.meta.url)
  try {
    const { words, code, line } = await (await fetch(new URL(`claims/${name}.json`, site))).json()
    const link = document.createElement("a")
    link.textContent = `code, line ${line}`
    link.href = new URL(code, site).href
    card.insertAdjacentHTML("afterbegin", words)
    card.append(" · ", link)
  } catch { card.ariaLive = null }
}, true)

if (document.querySelector(".wi-claims")) import("./ledger.js")

// What the search needs is fetched when its box is entered, so that search.js has it at once when it is asked.
document.querySelector(".md-search__input")?.addEventListener("focus", () => {
  for (const file of ["search/index.json", "assets/vendor/search.js"]) fetch(new URL(`../../${file}`, import.meta.url))
}, { once: true })

// Explorers, the interactive figures, are loaded shortly before they scroll into view.
const near = new IntersectionObserver(async entries => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) {
    near.unobserve(target)
    // Without it the still picture stays.
    const explorer = await import("./explorers/shared/explorer.js").catch(() => null)
    if (explorer) await explorer.open(/** @type {HTMLElement} */ (target))
    else target.classList.add("wi-failed") // the place that was kept for it goes
  }
}, { rootMargin: "200px" })
for (const figure of document.querySelectorAll("[data-wi-explorer]")) near.observe(figure)
