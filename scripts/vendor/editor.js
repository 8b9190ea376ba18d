// The editor of a snippet: CodeMirror with what Python needs, in the colors of the page's palette.
import { closeBrackets } from "@codemirror/autocomplete"
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { pythonLanguage } from "@codemirror/lang-python"
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language"
import { EditorState, StateEffect, StateField } from "@codemirror/state"
import { Decoration, EditorView, drawSelection, highlightSpecialChars, keymap } from "@codemirror/view"
import { tags } from "@lezer/highlight"

const color = name => `var(--md-code-hl-${name}-color)`
const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: color("keyword") },
  { tag: tags.comment, color: color("comment") },
  { tag: tags.string, color: color("string") },
  { tag: tags.number, color: color("number") },
  { tag: tags.function(tags.definition(tags.variableName)), color: color("function") },
  { tag: [tags.operator, tags.punctuation], color: color("operator") },
])

const theme = EditorView.theme({
  "&": { backgroundColor: "var(--md-code-bg-color)", color: "var(--md-code-fg-color)" },
  "&.cm-focused": { outline: "2px solid var(--wi-blue)" },
  ".cm-scroller": { fontFamily: "var(--md-code-font-family)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--md-code-fg-color)", padding: ".77em 0" },
  ".cm-line": { padding: "0 1.18em" },
  ".cm-cursor": { borderLeftColor: "var(--md-code-fg-color)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--wi-blue) 30%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--wi-blue) 25%, transparent)" },
  ".cm-specialChar": { color: "var(--wi-paper)", backgroundColor: "var(--wi-red)" },
  ".wi-wrong": { backgroundColor: "color-mix(in srgb, var(--wi-red) 18%, transparent)" },
})

const mark = StateEffect.define()
const marked = StateField.define({
  create: () => Decoration.none,
  update(lines, { changes, effects, state }) {
    lines = changes.empty ? lines : Decoration.none
    for (const effect of effects) if (effect.is(mark)) {
      const known = effect.value && effect.value <= state.doc.lines
      lines = known ? Decoration.set(Decoration.line({ class: "wi-wrong" }).range(state.doc.line(effect.value).from)) : Decoration.none
    }
    return lines
  },
  provide: field => EditorView.decorations.from(field),
})

/** Put an editor into `place`. Mod-Enter calls `run`; Tab leaves it, so that the keyboard is not trapped. */
export function editor(place, { code, label, run, changed }) {
  const view = new EditorView({
    parent: place,
    state: EditorState.create({
      doc: code.replace(/\n$/, ""),
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }]),
        // What would not be seen, or would turn the order of what is, is shown as a sign of its own.
        highlightSpecialChars({ addSpecialChars: /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u }),
        history(), drawSelection(), EditorView.lineWrapping, indentOnInput(), bracketMatching(), closeBrackets(), indentUnit.of("    "),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        pythonLanguage, syntaxHighlighting(colors), theme, marked,
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of(update => update.docChanged && changed()),
      ],
    }),
  })
  return {
    code: () => `${view.state.doc.toString()}\n`,
    set: text => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text.replace(/\n$/, "") } }),
    mark: line => view.dispatch({ effects: mark.of(line) }),
    focus: () => view.focus(),
    remove: () => view.destroy(),
  }
}
