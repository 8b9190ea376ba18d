// What a page and its worker tell each other.

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

/** Why code stopped, as scripts/in_browser.py has it. */
export interface Problem { line: number | null, source: string, message: string, refusal: string }

/** What an exercise says of an answer, as wi_docs/pages/exercises has it. */
export interface Verdict { right: boolean, words: string, change: string, outcome: string }

export interface Progress { name: string, bytes: number, all: number }
export interface Done { problem: Problem | null, seconds: number, verdict?: Verdict }

/** An answer has one of these. Ended: Python is gone. Failed: it did not start. */
export interface Answer {
  progress?: Progress
  loading?: string
  running?: boolean
  /** Output, each piece with its kind: out, err, html or shown. */
  pieces?: [string, string][]
  done?: Done
  ended?: string
  failed?: string
}
