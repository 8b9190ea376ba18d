// The map of trainability: the networks that trained, by depth and scale of the weights, and the run of each.
import { decadeRange, nearest } from "./shared/data.js"
import { formatPower } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ scale: number, depth: number, step: number }} State
 */

/** @param {number} share */
const percent = share => `${Math.round(100 * share)} %`

/**
 * @param {{
 *   scales: number[], depths: number[], steps: number[], accuracy: Grid, gradient: Grid,
 *   exploded: (number | null)[][], curve: [number, number][], gap: number,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ scales, depths, steps, accuracy, gradient, exploded, curve, gap }) {
  /**
   * The place of a scale: they stand side by side, and theory's line between them in proportion.
   * @param {number} scale
   */
  const column = scale => {
    const k = Math.min(scales.findLastIndex(s => s <= scale), scales.length - 2)
    return k + (scale - scales[k]) / (scales[k + 1] - scales[k])
  }
  const branches = [curve.slice(0, gap), curve.slice(gap)]
    .map(points => ({ x: points.map(([scale]) => column(scale)), y: points.map(([, depth]) => depth) }))
  const networks = scales.flatMap((_, i) => depths.map((_, j) => [i, j]))
  const networkX = networks.map(([i]) => i), networkY = networks.map(([, j]) => depths[j])
  const last = steps[steps.length - 1], layers = Array.from({ length: Math.max(...depths) + 1 }, (_, k) => k + 1)
  /** @param {State} state */
  const chosen = ({ scale, depth, step }) =>
    ({ at: [scales.indexOf(scale), depths.indexOf(depth)], look: nearest(steps, step) })

  return {
    lead: "Press on a network to see how it trained. Discs: digits recognized. Line: six depth scales.",
    play: "step",
    controls: [
      { name: "scale", label: "scale", stops: scales, start: 1 },
      { name: "depth", label: "depth", stops: depths, start: 20 },
      { name: "step", label: "step", stops: steps, start: last },
    ],
    panels: [
      {
        title: "hidden layers, against the scale of the weights", wide: true,
        x: { range: [-0.6, scales.length - 0.4], ticks: scales.map((s, k) => [k, String(s)]) },
        y: { range: [0, 46], ticks: depths.map(d => [d, String(d)]) },
      },
      { title: "digits it recognizes, by step (%)", x: { range: [0, last + 5] }, y: { range: [0, 100] } },
      {
        title: "its gradient (dotted: at first)",
        x: { range: [0, 42], whole: true }, y: { range: [-4, 1], decades: true },
      },
    ],
    draw(state) {
      const { at, look } = chosen(state), [s, d] = at
      const shares = accuracy.row(...at).map(share => 100 * share)
      const before = gradient.row(...at, 0), after = gradient.row(...at, 1)
      return [
        {
          background: {
            key: String(look),
            paint: painter => {
              painter.dots(networkX, networkY, "grid", { radius: 9, hollow: true })
              const learned = networks.map(network => (accuracy.row(...network)[look] - 0.1) / 0.9)
              // A disc's area is what was learned; a network that exploded has no accuracy.
              const radius = learned.map(part => 8.5 * Math.sqrt(Math.max(0, part || 0)))
              painter.dots(networkX, networkY, "blue", { radius })
              for (const { x, y } of branches) painter.line(x, y, "red", { width: 2 })
            },
          },
          paint: painter => painter.dot(s, depths[d], "ink", { radius: 12, hollow: true }),
        },
        {
          paint: painter => {
            painter.line(steps, shares, "blue", { width: 2 })
            painter.vertical(state.step, "soft")
            painter.dot(state.step, shares[look], "blue")
          },
        },
        {
          x: [0, depths[d] + 2], y: decadeRange([...before, ...after]),
          paint: painter => {
            painter.line(layers, before, "soft", { width: 2, dash: [3, 3] })
            painter.line(layers, after, "blue", { width: 2 })
          },
        },
      ]
    },
    press(panel, x, y) {
      if (panel === 0) {
        const column = nearest(scales.map((_, k) => k), x)
        return { scale: scales[column], depth: depths[nearest(depths, y)] }
      }
      return panel === 1 ? { step: steps[nearest(steps, x)] } : {}
    },
    say(state) {
      const { at, look } = chosen(state), [s, d] = at, share = accuracy.row(...at)[look]
      const end = Number.isNaN(share) ? `it exploded at step ${exploded[s][d]}`
        : `${percent(share)} of the test digits are recognized (guessing: 10 %)`
      const first = formatPower(gradient.row(...at, 0)[0]), final = formatPower(gradient.row(...at, 1)[0])
      return `${state.depth} layers at scale ${state.scale}: after ${state.step} steps ${end}. At the start, `
        + `the gradient in layer 1 is ${first} of the last layer's; after ${last} steps, ${final}.`
    },
  }
}
