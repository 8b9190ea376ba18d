// What we use of Pyodide, and of the Python that it runs.
import type { Problem, Verdict } from "./messages"

/** An object of Python's. */
export interface Proxy { destroy(): void }

/** A dictionary of Python's, or None. */
export type Dictionary<T> = { toJs(options: { dict_converter: typeof Object.fromEntries }): T } | undefined

export interface Pyodide {
  FS: {
    mkdir(path: string): void
    writeFile(path: string, bytes: Uint8Array): void
    unlink(path: string): void
  }
  loadedPackages: Record<string, string>
  loadPackage(names: string[], options: { messageCallback(): void, errorCallback(): void }): Promise<unknown>
  runPython(code: string): unknown
  pyimport(module: string): unknown
  toPy(object: object): Proxy
}

/** scripts/in_browser.py */
export interface Runner {
  draws(code: string): boolean
  prepare_to_draw(): void
  run: {
    callKwargs(
      code: string, tell: (kind: string, text: string) => void,
      options: { prompt: boolean, names?: Proxy, module?: string },
    ): Dictionary<Problem>
  }
  judge(page: string, name: string, names: Proxy | undefined): Dictionary<Verdict>
  answer(fields: string, path: string): string
}

export function loadPyodide(options: {
  indexURL: string, packages: string[], env: Record<string, string>,
}): Promise<Pyodide>
