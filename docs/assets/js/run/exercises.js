// Exercises: each opens its editor before it is in sight, and keeps what the reader wrote in the browser's storage.

import { press, snippetIn } from "./session.js"

/**
 * Makes an exercise ready to work on.
 * @param {HTMLElement} exercise
 */
export async function prepare(exercise) {
  const found = snippetIn(exercise)
  if (!found) return
  const snippet = found, key = `wi-exercise ${exercise.dataset.wiExercise}`
  // Code that came with a link is in the editor already, and is not the reader's own.
  if (!snippet.opening) await snippet.edit(read(key), false)
  let shown = snippet.code

  // Where nothing may be stored, the work is kept while the page is open.
  const keep = () => {
    const { code } = snippet
    if (!snippet.editor || code === shown) return
    shown = code
    try {
      if (code.trim() === snippet.original.trim()) localStorage.removeItem(key)
      else localStorage.setItem(key, code)
    } catch {}
  }
  exercise.addEventListener("focusout", keep)
  exercise.addEventListener("click", keep)
  addEventListener("pagehide", keep)

  exercise.addEventListener("click", async event => {
    const button = event.target instanceof Element && event.target.closest("[data-wi-reset]")
    if (!(button instanceof HTMLElement)) return
    // Here Reset forgets what was kept, and the editor stays open with the code to start from.
    event.stopPropagation()
    try { localStorage.removeItem(key) } catch {}
    await press(button)
    await snippet.edit()
    shown = snippet.code
  })
}

/** @param {string} key */
function read(key) {
  try { return localStorage.getItem(key) ?? undefined } catch { return undefined }
}
