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
  const sizes = decadeRange(networks.flatMap(network => [0, 1].flatMap(look => [...gradient.row(...network, look)])))
  /** @param {State} state */
  const chosen = ({ scale, depth, step }) =>
    ({ at: [scales.indexOf(scale), depths.indexOf(depth)], look: nearest(steps, step) })

  return {
    lead: "Each disc is a network; the larger, the more digits it recognizes. Press on one.",
    presets: [
      ["Deep, at scale 1", { scale: 1, depth: 40, step: last }],
      ["Deep, too small", { scale: 0.7, depth: 40, step: last }],
      ["Deep, too large", { scale: 3, depth: 40, step: last }],
      ["Shallow, too small", { scale: 0.5, depth: 4, step: last }],
    ],
    play: "step",
    controls: [
      { name: "scale", label: "scale", stops: scales, start: 1 },
      { name: "depth", label: "depth", stops: depths, start: 20 },
      { name: "step", label: "step", stops: steps, start: last },
    ],
    panels: [
      {
        name: "networks", title: "hidden layers", wide: true,
        x: {
          range: [-0.6, scales.length - 0.4], ticks: scales.map((s, k) => [k, String(s)]),
          label: "scale of the weights, in uneven steps",
        },
        y: { range: [0, 46], ticks: depths.map(d => [d, String(d)]) },
      },
      {
        name: "training", title: "digits it recognizes (%)", x: { range: [0, last + 5], label: "step" },
        y: { range: [0, 100] },
      },
      {
        name: "gradient", title: "its gradient, over the last layer's",
        x: { range: [0, 42], whole: true, label: "layer" }, y: { range: sizes, decades: true },
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
              painter.dots(networkX, networkY, "grid", { radius: 7, hollow: true })
              const learned = networks.map(network => (accuracy.row(...network)[look] - 0.1) / 0.9)
              // A disc's area is what was learned; a network that exploded has no accuracy.
              const radius = learned.map(part => 6.8 * Math.sqrt(Math.max(0, part || 0)))
              painter.dots(networkX, networkY, "blue", { radius })
              for (const { x, y } of branches) painter.line(x, y, "red", { width: 2 })
              const [right, top] = [scales.length - 1, depths[depths.length - 1]]
              painter.words(right, top, "line: six depth scales", "red", { align: "right", up: -18 })
            },
          },
          paint: painter => painter.dot(s, depths[d], "ink", { radius: 10, hollow: true }),
        },
        {
          paint: painter => {
            painter.line(steps, shares, "blue", { width: 2 })
            painter.vertical(state.step, "soft")
            painter.dot(state.step, shares[look], "blue")
          },
        },
        {
          paint: painter => {
            painter.line(layers, before, "soft", { width: 2, dash: [3, 3] })
            painter.line(layers, after, "blue", { width: 2 })
            painter.words(1, before[0], "at first", "soft", { up: before[0] < after[0] ? -12 : 12 })
            painter.words(1, after[0], "at the end", "blue", { up: before[0] < after[0] ? 12 : -12 })
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
