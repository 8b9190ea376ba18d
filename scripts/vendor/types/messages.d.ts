// What a page and the worker in its room tell each other.

/** A run that is asked for. */
export interface Run {
  code: string
  /** Whether the code is run statement by statement, as at a prompt. */
  prompt: boolean
  /** Whether it has a namespace of its own. */
  alone: boolean
  /** The exercise that judges it: page/name. */
  exercise?: string
  /** The module whose names it has, if it is an example in one's docstrings. */
  module?: string
}

/** What the form of Diagnose asks: its values as wi_docs/form.py takes them, and a file of weights. */
export interface Asked {
  fields: Record<string, string | number | boolean>
  file?: { name: string, bytes: ArrayBuffer }
}

/** What wi_docs/form.py answers: either why it refuses, or all else. */
export interface Found {
  refused?: string
  ok: boolean
  verdict: string
  also: string[]
  /** What it means for training, as pairs of a word and a clause. */
  meaning: [string, string][]
  notes: string[]
  /** The network in a line, or the file. */
  name: string
  cure: { change: string, outcome: string, fields: Record<string, string> | null, code: Record<string, string> } | null
  /** By line and kind; null where nothing was measured. */
  chart: Record<string, Record<string, (number | null)[]>> | null
  table: { columns: [string, string][], rows: string[][], bad: number[] }
}

/** The names that files on their way have in the lock; the first of them start Python, with matplotlib if it draws. */
export interface Files { names: string[], draws: boolean }

/** One of them, when it is there. */
export interface File { name: string, bytes: ArrayBuffer }

export type Order = Run | Asked | Files | File

/** Why code stopped, as scripts/in_browser.py has it. */
export interface Problem { line: number | null, source: string, message: string }

/** What an exercise says of an answer, as wi_docs/pages/exercises has it. */
export interface Verdict { right: boolean, words: string }

/** How a run has ended; what was asked is answered in JSON. */
export interface Done { problem: Problem | null, seconds: number, verdict?: Verdict, answer?: string }

/** An answer has one of these. There: the worker lives. Ready: Python does. Ended: it is gone. Failed: it did not start. */
export interface Answer {
  there?: true
  ready?: true
  failed?: string
  /** A package whose files are to be handed in. */
  wants?: string
  running?: true
  /** Output, each piece with its kind: out, err, svg, html, caption, or shown. */
  pieces?: [string, string][]
  done?: Done
  ended?: string
}
