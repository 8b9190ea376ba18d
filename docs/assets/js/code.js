// The copy button of a >>> block gives code that can be pasted and run: no prompts, no outputs.
// Material's button copies `data-clipboard-text` when it is there; this sets it just before.
document.addEventListener("click", event => {
  const button = event.target instanceof Element && event.target.closest("[data-clipboard-target]")
  const block = button && document.querySelector(button.dataset.clipboardTarget)
  if (!block || !block.closest(".language-pycon")) return
  const code = []
  for (const line of block.textContent.split("\n")) {
    const [, prompt, source] = /^(>>>|\.\.\.)(?: (.*))?$/.exec(line) ?? []
    if (prompt === ">>>" && /^\s/.test(code.at(-1) ?? "")) code.push("") // ends a loop for the interactive prompt
    if (prompt) code.push(source ?? "")
  }
  button.dataset.clipboardText = code.join("\n") + "\n"
}, true)

// Material puts each block's buttons into a <nav>: dozens of landmarks for those who move by landmarks. They are none.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "presentation")
}).observe(document.documentElement, { childList: true, subtree: true })

// A formula wider than the screen scrolls; then it can be reached by keyboard too.
document$.subscribe(() => {
  for (const block of document.querySelectorAll(".wi-math-block"))
    if (block.scrollWidth > block.clientWidth) block.tabIndex = 0
})
