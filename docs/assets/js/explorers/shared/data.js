// Reads the data of an explorer, in the format of wi_docs/pages/explorers/__init__.py, and finds stops and ranges.

/**
 * @typedef {{ step: number, shape: number[], differences: (number | null)[] }} Packed
 * @typedef {{ shape: number[], row: (...index: number[]) => Float64Array }} Grid  An array, read by rows.
 */

/**
 * Fetches a file of the site.
 * @param {string} path  Relative to the folder that holds `assets/`.
 */
export async function get(path) {
  const response = await fetch(new URL(`../../../../${path}`, import.meta.url))
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response
}

/**
 * The data of an explorer: small things as they are, and each array that is packed as a grid.
 * @param {string} name
 */
export async function load(name) {
  /** @type {Record<string, unknown>} */
  const data = await (await get(`explorers/${name}.json`)).json()
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, isPacked(value) ? grid(value) : value]))
}

/** @param {unknown} value @returns {value is Packed} */
const isPacked = value => typeof value === "object" && value !== null && "differences" in value

/**
 * Sums up the differences along the last axis. A missing number is NaN.
 * @param {Packed} packed
 * @returns {Grid}
 */
function grid({ step, shape, differences }) {
  const length = shape[shape.length - 1]
  let sum = 0
  // The inverse of `_differences` there: each row starts anew from 0.
  const values = Float64Array.from(differences, (difference, k) => {
    if (k % length === 0) sum = 0
    return difference === null ? NaN : step * (sum += difference)
  })
  return {
    shape,
    row(...index) {
      // Row-major order, as in numpy: the last axis lies side by side.
      const start = index.reduce((before, k, axis) => before * shape[axis] + k, 0) * length
      // A view and no copy: drawing asks for rows in every frame.
      return values.subarray(start, start + length)
    },
  }
}

/**
 * The index of the stop nearest to `value`; the first if two are as near.
 * @param {ArrayLike<number>} stops  Ascending.
 * @param {number} value
 */
export function nearest(stops, value) {
  value = Math.min(Math.max(value, stops[0]), stops[stops.length - 1])
  let best = 0
  for (let k = 1; k < stops.length; k++) if (Math.abs(stops[k] - value) < Math.abs(stops[best] - value)) best = k
  return best
}

/**
 * Numbers from `low` to `high` in equal steps.
 * @param {number} low
 * @param {number} high
 * @param {number} step
 */
export const range = (low, high, step) =>
  Array.from({ length: Math.round((high - low) / step) + 1 }, (_, k) => Number((low + k * step).toFixed(6)))

/**
 * A range of decades for an axis: it holds these powers of ten, and is rounded out so that it changes seldom.
 * @param {Iterable<number>} powers  NaN and infinities are left out.
 * @param {number} [every]
 * @returns {[number, number]}
 */
export function decadeRange(powers, every = 4) {
  const known = [...powers].filter(Number.isFinite)
  // The axis always holds 1 (power 0), with some room below it; rounding to every fourth power keeps it still while a
  // slider moves.
  const low = Math.floor(Math.min(-0.01, ...known) / every)
  const high = Math.ceil((Math.max(0, ...known) - 0.99) / every)
  return [every * low, Math.max(every / 4, every * high)]
}
