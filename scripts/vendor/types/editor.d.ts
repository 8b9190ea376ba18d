export interface Editor {
  code(): string
  set(text: string): void
  /** Marks a line, counted from 1, as wrong; null marks none. */
  mark(line: number | null): void
  focus(): void
  remove(): void
}
export interface Options { code: string, label: string, run(): void, changed(): void }
export function editor(place: Element, options: Options): Editor
