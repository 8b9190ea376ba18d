// Powers: a pair of eigenvalues in the plane, the state that they turn and stretch, and the gradient through time.
import { nearest, range } from "./shared/data.js"
import { formatNumber, formatPower, formatSigned } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ radius: number, angle: number, steps: number, clip: boolean }} State
 */

/**
 * @param {{
 *   radii: number[], angles: number[], steps: number, largest: number,
 *   length: Grid, direction: Grid, gradient: Grid, clipped: Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ radii, angles, steps, largest, length, direction, gradient, clipped }) {
  // The unit circle: eigenvalues inside it decay, eigenvalues outside it grow.
  const circle = range(0, 360, 5).map(degrees => cartesian(1, degrees)), time = range(0, steps, 1)
  /** @type {[number, number]} */
  const plane = [-1.7, 1.7]
  /** @param {number[]} point */
  const inside = ([x, y]) => Math.abs(x) < plane[1] && Math.abs(y) < plane[1]
  /** @param {number[][]} points */
  const columns = points => /** @type {const} */ ([points.map(([x]) => x), points.map(([, y]) => y)])

  return {
    lead: "One matrix, applied step by step. Drag the eigenvalue, or use the sliders.",
    presets: [
      ["Let it vanish", { radius: 0.8 }], ["Let it explode", { radius: 1.1 }],
      ["Keep its size", { radius: 1 }], ["Explode, and clip", { radius: 1.1, clip: true }],
    ],
    play: "steps",
    controls: [
      { name: "radius", label: "size", stops: radii, start: 0.9 },
      { name: "angle", label: "angle", stops: angles, start: 30 },
      { name: "steps", label: "steps", stops: range(1, steps, 1), start: 30 },
      { name: "clip", label: `clip the gradient at ${largest}`, start: false },
    ],
    panels: [
      {
        name: "eigenvalues", title: "eigenvalues: imaginary part", equal: true,
        x: { range: plane, label: "real part" }, y: { range: plane },
      },
      {
        name: "state", title: "state: second unit", equal: true,
        x: { range: plane, label: "first unit" }, y: { range: plane },
      },
      {
        name: "gradient", title: "size of the gradient", wide: true,
        x: { range: [0, steps + 1], whole: true, label: "steps back in time" }, y: { range: [-8, 8], decades: true },
      },
    ],
    draw(state) {
      const r = nearest(radii, state.radius), a = nearest(angles, state.angle)
      const sizes = gradient.row(r), shown = state.clip ? clipped.row(r) : sizes
      const lengths = length.row(r), directions = direction.row(a)
      const path = time.slice(0, state.steps + 1).map(t => cartesian(10 ** lengths[t], directions[t]))
      return [
        {
          background: {
            key: "",
            paint: painter => {
              painter.line(...columns(circle), "soft", { width: 1 })
              painter.words(0, -1, "size 1", "soft", { align: "center" })
            },
          },
          paint: painter => {
            const [x, y] = cartesian(state.radius, state.angle)
            painter.line([0, x], [0, y], "grid")
            // The conjugate eigenvalue, which cannot be dragged.
            painter.dot(x, -y, "blue", { hollow: true })
            painter.dot(x, y, "blue", { radius: 7 })
            painter.words(x, y, "drag", "blue", { up: 16 })
          },
        },
        {
          paint: painter => {
            painter.line(...columns(path), "blue", { width: 1 })
            painter.dots(...columns(path.filter(inside)), "blue", { radius: 2.2 })
            painter.dots(...columns(path.slice(-1).filter(inside)), "red", { radius: 5 })
            const left = path.findIndex(point => !inside(point))
            painter.words(1, 0, "start", "soft", { up: -10 })
            if (left > 0) painter.words(0, plane[0], `leaves the picture at step ${left}`, "red", { align: "center" })
          },
        },
        {
          paint: painter => {
            painter.line(time, sizes, "red", { width: 1, dash: [6, 4] })
            painter.line(time, shown, "red", { width: 2 })
            const limit = Math.log10(largest)
            if (state.clip) painter.line([0, steps], [limit, limit], "ochre", { width: 1 })
            painter.vertical(state.steps, "soft")
            painter.dot(state.steps, shown[state.steps], "red")
            if (state.clip) painter.words(1, limit, "clipped here", "ochre", { up: -10 })
            // The name stands beside the line where it is in the picture.
            const at = Math.max(sizes.findLastIndex(size => Math.abs(size) < 6), 1)
            painter.words(at * 0.8, sizes[Math.round(at * 0.8)], "gradient", "red", { up: 12 })
          },
        },
      ]
    },
    press(panel, x, y) {
      if (panel === 2) return { steps: Math.min(Math.max(Math.round(x), 1), steps) }
      if (panel === 1) return {}
      // The pair is symmetric: a press in the lower half plane means the same angle.
      const degrees = Math.abs(Math.atan2(y, x) * 180 / Math.PI)
      return { radius: radii[nearest(radii, Math.hypot(x, y))], angle: angles[nearest(angles, degrees)] }
    },
    say(state) {
      const r = nearest(radii, state.radius)
      const back = gradient.row(r)[state.steps], kept = clipped.row(r)[state.steps]
      const pair = state.angle === 0 ? `Both eigenvalues at ${formatNumber(state.radius)}`
        : state.angle === 180 ? `Both eigenvalues at ${formatSigned(-state.radius)}`
          : `Eigenvalues of size ${formatNumber(state.radius)} at ±${state.angle}°`
      const clip = !state.clip ? "" : kept < back ? ` Clipping cuts it to ${formatPower(kept)}.`
        : ` Clipping leaves it as it is${back < 0 ? ": it cannot bring back what has vanished" : ""}.`
      const size = formatPower(length.row(r)[state.steps])
      return `${pair}. After ${state.steps} steps the state is ${size} times as long as at the start. `
        + `The gradient, as many steps back, is ${formatPower(back)} times as large.${clip}`
    },
  }
}

/**
 * The point at a distance and in a direction from the origin.
 * @param {number} radius
 * @param {number} degrees
 */
function cartesian(radius, degrees) {
  return [radius * Math.cos(degrees * Math.PI / 180), radius * Math.sin(degrees * Math.PI / 180)]
}
