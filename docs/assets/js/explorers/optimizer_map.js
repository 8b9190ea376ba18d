// The map of scale and rate: what networks read after training, for an activation, a depth and an optimizer.
import { nearest } from "./shared/data.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ activation: string, optimizer: string, depth: number, scale: number, rate: number }} State
 */

/** @type {Record<string, string>} */
const NAMES = {
  relu: "ReLU", tanh: "tanh", sigmoid: "sigmoid", gelu: "GELU", sgd: "plain descent", momentum: "momentum",
  adam: "Adam", muon: "Muon",
}

/** On buttons. @type {Record<string, string>} */
const SHORT = { sgd: "SGD", momentum: "Momentum", adam: "Adam", muon: "Muon" }

/** @param {number} share */
const percent = share => `${Math.round(100 * share)} %`

/**
 * @param {{
 *   activations: string[], depths: number[], rates: Record<string, number[]>, scales: number[], steps: number,
 *   seeds: number, accuracy: Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ activations, depths, rates, scales, steps, seeds, accuracy }) {
  const optimizers = Object.keys(rates)
  // Each optimizer has as many rates, and others: the slider counts them from the smallest.
  const stops = rates[optimizers[0]].map((_, k) => k + 1)

  /** @param {State} state */
  const chosen = state => {
    const at = [activations.indexOf(state.activation), depths.indexOf(state.depth), optimizers.indexOf(state.optimizer)]
    const own = rates[state.optimizer], k = state.rate - 1
    /** @param {number} s @param {number} r */
    const ends = (s, r) => Array.from({ length: seeds }, (_, seed) => accuracy.row(...at, s, seed)[r])
    /** @param {number} s @param {number} r */
    const mean = (s, r) => ends(s, r).reduce((sum, end) => sum + end, 0) / seeds
    return { at, own, k, s: scales.indexOf(state.scale), ends, mean }
  }

  /** @type {import("./shared/chart.js").Axis} */
  const scaleAxis = {
    range: [-0.6, scales.length - 0.4], ticks: scales.map((s, k) => [k, String(s)]), label: "scale, times LeCun’s",
  }

  return {
    lead: "Press on a disc to see what its networks read. Its area: digits recognized beyond chance.",
    presets: [
      ["Half LeCun’s scale, plain descent", { activation: "relu", optimizer: "sgd", depth: 10, scale: 0.5 }],
      ["The same with Adam", { activation: "relu", optimizer: "adam", depth: 10, scale: 0.5 }],
      ["Ten sigmoid layers", { activation: "sigmoid", optimizer: "adam", depth: 10, scale: 4 }],
    ],
    controls: [
      { name: "activation", label: "activation", options: activations.map(a => [a, NAMES[a]]), start: "relu" },
      { name: "optimizer", label: "with", options: optimizers.map(o => [o, SHORT[o]]), start: "sgd" },
      { name: "depth", label: "depth", stops: depths, start: 10 },
      { name: "scale", label: "scale", stops: scales, start: 1.41 },
      { name: "rate", label: "rate, 1 to 6", stops, start: 3 },
    ],
    panels: [
      {
        name: "map", title: "learning rate", wide: true,
        x: scaleAxis,
        y: { range: [-3, 0], decades: true },
      },
      {
        name: "best rate", title: "digits read at the best rate, in percent", wide: true,
        x: scaleAxis,
        y: { range: [0, 100] },
      },
    ],
    draw(state) {
      const { own, k, s, ends, mean } = chosen(state)
      const cells = scales.flatMap((_, i) => own.map((_, j) => [i, j]))
      const x = cells.map(([i]) => i), y = cells.map(([, j]) => Math.log10(own[j]))
      const radius = cells.map(([i, j]) => 7 * Math.sqrt(Math.max(0, (mean(i, j) - 0.1) / 0.9)))
      const best = scales.map((_, i) => own.map((_, j) => mean(i, j)).reduce((a, b, j, all) => b > all[a] ? j : a, 0))
      return [
        {
          y: [Math.log10(own[0]) - 0.3, Math.log10(own[own.length - 1]) + 0.3],
          background: {
            key: [state.activation, state.optimizer, state.depth].join(" "),
            paint: painter => {
              painter.dots(x, y, "grid", { radius: 7, hollow: true })
              painter.dots(x, y, "blue", { radius })
            },
          },
          paint: painter => painter.dot(s, Math.log10(own[k]), "ink", { radius: 10, hollow: true }),
        },
        {
          paint: painter => {
            painter.line(scales.map((_, i) => i), scales.map((_, i) => 100 * mean(i, best[i])), "blue", { width: 2 })
            for (const [i, j] of best.entries())
              painter.dots(ends(i, j).map(() => i), ends(i, j).map(end => 100 * end), "red")
            painter.vertical(s, "soft")
          },
        },
      ]
    },
    press(panel, x, y, state) {
      const scale = scales[nearest(scales.map((_, k) => k), x)]
      if (panel === 1) return { scale }
      const own = rates[state.optimizer]
      return { scale, rate: 1 + nearest(own.map(Math.log10), y) }
    },
    say(state) {
      const { own, k, s, ends, mean } = chosen(state)
      const best = own.reduce((a, _, j) => mean(s, j) > mean(s, a) ? j : a, 0)
      return `${NAMES[state.activation]}, ${state.depth} layers, scale ${state.scale}, ${NAMES[state.optimizer]} at `
        + `${own[k]}: two networks read ${ends(s, k).map(percent).join(" and ")} after ${steps} steps. Best rate here: `
        + `${own[best]}, ${percent(mean(s, best))}.`
    },
  }
}
