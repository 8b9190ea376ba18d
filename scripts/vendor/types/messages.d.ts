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
}

/** Files, by their names in the lock; the first of them start Python, with matplotlib if it is to draw. */
export interface Files { files: Record<string, ArrayBuffer>, draws: boolean }

export type Order = Run | Files

/** Why code stopped, as scripts/in_browser.py has it. */
export interface Problem { line: number | null, source: string, message: string, refusal: string }

/** What an exercise says of an answer, as wi_docs/pages/exercises has it. */
export interface Verdict { right: boolean, words: string, change: string, outcome: string }

export interface Done { problem: Problem | null, seconds: number, verdict?: Verdict }

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
