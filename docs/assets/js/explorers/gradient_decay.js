// Signal and gradient through depth: one network (dots), theory (lines), and what both would mean for training.
import { nearest } from "./shared/data.js"
import { formatNumber, formatPower } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ activation: string, biases: string, weights: number, depth: number, layer: number }} State
 */

/** @type {Record<string, string>} */
const NAMES = { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" }

/**
 * @param {{
 *   activations: string[], weights: number[], biases: number[], layers: number[], shown: number[],
 *   edges: Record<string, number[]>, width: number, trains: number, fails: number,
 *   forward: Grid, forward_theory: Grid, gradient: Grid, gradient_theory: Grid, share: Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer(data) {
  const { activations, weights, biases, layers, shown, edges, width, trains, fails } = data

  /**
   * What the reader has chosen, with every array cut at the depth.
   * @param {State} state
   */
  const chosen = state => {
    const at = [
      activations.indexOf(state.activation), nearest(weights, state.weights), biases.indexOf(Number(state.biases)),
    ]
    // Not every layer is kept: `layers` has the numbers of those that are, `shown` of those with a histogram.
    const last = nearest(layers, state.depth), layer = Math.min(state.layer, state.depth), bin = nearest(shown, layer)
    /** @param {Grid} grid */
    const cut = grid => [...grid.row(...at).subarray(0, last + 1)]
    // A quotient is a difference of logarithms. The gradient is relative to the last layer of the chosen depth.
    /** @param {number[]} row */
    const overLast = row => row.map(power => power - row[last])
    return {
      last, layer, x: layers.slice(0, last + 1), shownLayer: shown[bin], share: data.share.row(...at, bin),
      forward: cut(data.forward), forwardTheory: cut(data.forward_theory),
      gradient: overLast(cut(data.gradient)), gradientTheory: overLast(cut(data.gradient_theory)),
    }
  }

  return {
    lead: "How far do signal and gradient get? The variance of the weights is given in units of one over the fan-in.",
    presets: [
      ["Try ReLU with He", { activation: "relu", weights: 2 }],
      ["ReLU, PyTorch's default", { activation: "relu", weights: 1 / 3 }],
      ["tanh with LeCun", { activation: "tanh", weights: 1 }],
      ["tanh, gain 5/3", { activation: "tanh", weights: 25 / 9 }],
    ],
    controls: [
      { name: "activation", label: "activation", options: Object.entries(NAMES), start: "sigmoid" },
      { name: "biases", label: "bias variance", options: biases.map(b => [String(b)]), start: String(biases[0]) },
      { name: "weights", label: "weight variance", stops: weights, start: 1 },
      { name: "depth", label: "depth", stops: layers.slice(1), start: 30 },
      { name: "layer", label: "layer", stops: layers, start: 10 },
    ],
    panels: [
      {
        name: "signal", title: "size of the signal (rms)", x: { range: [0, 30], whole: true, label: "layer" },
        y: { range: [-16, 8], decades: true },
      },
      {
        name: "gradient", title: "size of the gradient, over the last layer's",
        x: { range: [0, 30], whole: true, label: "layer" }, y: { range: [-16, 8], decades: true },
      },
      {
        name: "activations", title: "", wide: true, x: { range: [0, 1], label: "activation" }, y: { range: [0, 1.05] },
      },
    ],
    draw(state) {
      const { x, layer, shownLayer, share, ...now } = chosen(state)
      /** @param {number[]} theory @param {number[]} measured @returns {import("./shared/chart.js").Drawing} */
      const chart = (theory, measured) => ({
        x: [0, state.depth + state.depth / 40],
        paint: painter => {
          painter.vertical(layer, "soft")
          painter.line(x, theory, "blue", { width: 2 })
          painter.dots(x, measured, "red")
          const middle = Math.floor(x.length / 2)
          painter.words(x[middle], theory[middle], "line: theory", "blue", { align: "center", up: 16 })
          painter.words(x[middle], theory[middle], "dots: one network", "red", { align: "center", up: -16 })
        },
      })
      const bins = edges[state.activation], unit = state.activation === "relu" ? ", over their rms" : ""
      return [
        chart(now.forwardTheory, now.forward),
        chart(now.gradientTheory, now.gradient),
        {
          title: `activations in layer ${shownLayer}${unit} (height: root of the share)`,
          x: [bins[0], bins[bins.length - 1]],
          paint: painter => share.forEach((part, k) => {
            if (part > 0) painter.bar(bins[k], 0, bins[k + 1], Math.sqrt(part), "blue")
          }),
        },
      ]
    },
    press(panel, x, _, state) {
      return panel === 2 ? {} : { layer: layers[nearest(layers, Math.min(x, state.depth))] }
    },
    say(state) {
      const { forward, gradient, gradientTheory, last } = chosen(state), [theory] = gradientTheory
      // Decades between the gradient in layer 1 and in the last; `trains` and `fails` are the limits of the page's
      // claims.
      const apart = Math.abs(theory)
      const verdict = apart > fails
        ? `It ${theory < 0 ? "vanishes" : "explodes"}: so far apart, twenty layers without biases read about half of `
          + "the digits at best after 600 steps of plain descent."
        : apart > trains
          ? "Between what trained well in 600 steps of plain descent and what did not, in twenty layers "
            + "without biases."
          : state.activation !== "sigmoid"
            ? "Twenty layers of it with ends as near trained by plain descent at a rate of 0.005 or 0.02, without "
              + "biases."
            : state.depth < 20
              ? "The gradient comes through."
              : "The gradient comes through; yet twenty such layers, without biases, trained in part only by plain "
                + "descent."
      return `${NAMES[state.activation]}, weight variance ${formatNumber(state.weights)}, `
        + `bias variance ${Number(state.biases)}, ${state.depth} layers of ${width}. The signal goes from `
        + `${formatPower(forward[0])} to ${formatPower(forward[last])}; the gradient comes back to layer 1 as `
        + `${formatPower(gradient[0])} of the last layer's, in theory ${formatPower(theory)}. ${verdict}`
    },
  }
}
