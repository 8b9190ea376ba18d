// The gain of an activation: the function, a layer's factors on signal and gradient, and signals through many layers.
import { nearest } from "./shared/data.js"
import { formatNumber } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ function: string, gain: number }} State
 */

/**
 * @param {{
 *   names: string[], gains: number[], forward: number[], backward: number[], starts: number[], x: number[],
 *   variances: number[], value: Grid, slope: Grid, signal: Grid, gradient: Grid, paths: Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer(data) {
  const { names, gains, forward, backward, starts, x, variances, value, slope, signal, gradient, paths } = data
  const layers = Array.from({ length: paths.shape[3] }, (_, k) => k), last = layers.length - 1
  const colors = ["blue", "green", "purple"]
  /** @param {string} name */
  const written = name => name.replaceAll("_", " ")
  /** @param {State} state */
  const chosen = state => {
    const k = names.indexOf(state.function), g = nearest(gains, state.gain)
    // At a gain a factor is as many times larger as the gain: so many decades.
    const up = Math.log10(gains[g] * forward[k])
    /** @param {Float64Array} row */
    const factors = row => [...row].map(power => 10 ** (power + up))
    return {
      k, signal: factors(signal.row(k)), gradient: factors(gradient.row(k)),
      paths: starts.map((_, start) => paths.row(k, g, start)),
    }
  }
  /**
   * The last layer whose variance the chart holds.
   * @param {Float64Array} path
   */
  const end = path => path.findLastIndex(power => power > -5.5 && power < 2.5)

  return {
    lead: "Is a layer's gain right for its activation? Choose one, then drag its factor up or down.",
    presets: [
      ["Try ReLU", { function: "relu", gain: 1 }], ["Try GELU", { function: "gelu", gain: 1 }],
      ["Try tanh, gain too large", { function: "tanh", gain: 1.4 }],
      ["Try ReLU, gain too small", { function: "relu", gain: 0.8 }],
    ],
    play: "gain",
    controls: [
      { name: "function", label: "activation", options: names.map(name => [name, written(name)]), start: "sine" },
      { name: "gain", label: "× its gain", stops: gains, start: 1 },
    ],
    panels: [
      {
        name: "function", title: "function, and its slope (dashed)", x: { range: [-3, 3], label: "pre-activation" },
        y: { range: [-1.8, 3] },
      },
      {
        name: "one layer", title: "factor of one layer",
        x: { range: [variances[0], variances[variances.length - 1]], decades: true, label: "variance that comes in" },
        y: { range: [0, 3] },
      },
      {
        name: "many layers", title: "variance of the pre-activations", wide: true,
        x: { range: [0, last], whole: true, label: "layer" }, y: { range: [-6, 3], decades: true },
      },
    ],
    draw(state) {
      const now = chosen(state), f = value.row(now.k), df = slope.row(now.k)
      return [
        {
          background: {
            key: state.function,
            paint: painter => {
              painter.line([-3, 3], [0, 0], "soft", { width: 1 })
              painter.line(x, f, "blue", { width: 2 })
              painter.line(x, df, "red", { width: 2, dash: [7, 4] })
            },
          },
        },
        {
          paint: painter => {
            painter.line([-2, 2], [1, 1], "soft", { width: 1 })
            painter.line(variances, now.signal, "blue", { width: 2 })
            painter.line(variances, now.gradient, "red", { width: 2, dash: [7, 4] })
            const at = variances.length - 1, higher = now.signal[at] > now.gradient[at]
            painter.words(2, now.signal[at], "signal", "blue", { align: "right", up: higher ? 12 : -12 })
            painter.words(2, now.gradient[at], "gradient", "red", { align: "right", up: higher ? -12 : 12 })
          },
        },
        {
          paint: painter => now.paths.forEach((path, k) => {
            painter.line(layers, path, colors[k], { width: 2, dash: [[], [7, 4], [2, 3]][k] })
            const at = Math.min(end(path), 4 + 9 * k)
            painter.words(at, path[at], `from ${formatNumber(starts[k])}`, colors[k], { up: k === 0 ? -16 : 16 })
          }),
        },
      ]
    },
    // The line of the signal follows the hand up and down.
    press(panel, at, y, state) {
      if (panel !== 1) return {}
      const k = names.indexOf(state.function), own = forward[k] * 10 ** signal.row(k)[nearest(variances, at)]
      return { gain: gains[nearest(gains, y / own)] }
    },
    say(state) {
      const { k, paths: [low, , high] } = chosen(state), name = written(state.function)
      const apart = Math.abs(high[last] - low[last])
      const kept = Number.isNaN(apart) ? "a signal leaves the picture"
        : apart < 0.1 ? "signals of all three sizes end at one size"
          : apart < 1.9 ? "signals of different sizes come nearer to each other"
            : apart < 2.1 ? "signals of different sizes stay as far apart as they were"
              : "signals of different sizes part"
      return `${name}: forward gain ${formatNumber(forward[k], 4)}, backward gain ${formatNumber(backward[k], 4)}. `
        + `The gain is now ${formatNumber(state.gain * forward[k], 4)}. `
        + `Over ${last} wide layers without biases, ${kept}.`
    },
  }
}
