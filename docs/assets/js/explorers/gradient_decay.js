// @ts-check
// Signal and gradient through depth: one network (dots), theory (lines), and what both would mean for training.
import { decades, figure, nearest, ofPower } from "./shared.js"

/** @param {Record<string, any>} data @returns {import("./shared.js").Explorer} */
export function explorer({ activations, weights, biases, layers, shown, edges, width, trains, fails, ...grids }) {
  /** What the reader has chosen, with every array cut at the depth. @param {import("./shared.js").State} state */
  const chosen = state => {
    const at = [activations.indexOf(state.activation), nearest(weights, state.weights), biases.indexOf(Number(state.biases))]
    const last = nearest(layers, state.depth), layer = Math.min(state.layer, state.depth), k = nearest(layers, layer), seen = nearest(shown, layer)
    const cut = (/** @type {string} */ name) => [...grids[name].row(...at).subarray(0, last + 1)]
    const toLast = (/** @type {number[]} */ row) => row.map(power => power - row[last])
    return {
      at, last, k, x: layers.slice(0, last + 1), layer, seen,
      forward: cut("forward"), forwardTheory: cut("forward_theory"),
      gradient: toLast(cut("gradient")), gradientTheory: toLast(cut("gradient_theory")),
      share: grids.share.row(...at, seen),
    }
  }
  const names = { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" }

  return {
    lead: "Choose an activation and its weights' variance × fan-in. Dots: a network. Lines: theory.",
    controls: [
      { name: "activation", label: "activation", options: Object.entries(names), start: "sigmoid" },
      { name: "biases", label: "bias variance", options: biases.map((/** @type {number} */ b) => [String(b)]), start: String(biases[0]) },
      {
        name: "weights", label: "weight variance", stops: weights, start: 1,
        marks: [[1 / 3, "1/3 PyTorch"], [1, "1 LeCun"], [2, "2 He"], [25 / 9, "25/9 Glorot, tanh"]],
      },
      { name: "depth", label: "depth", stops: layers.slice(1), start: 30 },
      { name: "layer", label: "layer", stops: layers, start: 10 },
    ],
    panels: [
      { title: "rms of the signal", x: { range: [0, 30], whole: true }, y: { range: [-4, 1], decades: true } },
      { title: "rms of the gradient", x: { range: [0, 30], whole: true }, y: { range: [-4, 1], decades: true } },
      { title: "", wide: true, x: { range: [0, 1] }, y: { range: [0, 1] } },
    ],
    draw(state) {
      const now = chosen(state), range = /** @type {[number, number]} */ ([0, state.depth + state.depth / 40])
      const chart = (/** @type {number[]} */ theory, /** @type {number[]} */ seen) => ({
        x: range, y: decades([...seen, ...theory]),
        paint: (/** @type {import("./shared.js").Pen} */ pen) => {
          pen.upright(now.layer, "soft")
          pen.line(now.x, theory, "blue", { width: 2 })
          pen.dots(now.x, seen, "red")
        },
      })
      const bins = edges[state.activation], top = Math.sqrt(Math.max(...now.share)) < 0.45 ? 0.5 : 1
      return [
        chart(now.forwardTheory, now.forward),
        chart(now.gradientTheory, now.gradient),
        {
          title: `activations in layer ${shown[now.seen]}${state.activation === "relu" ? " over their rms" : ""}; height: √share`,
          x: [bins[0], bins.at(-1)], y: [0, top * 1.05],
          paint: pen => now.share.forEach((/** @type {number} */ share, /** @type {number} */ k) => share > 0 && pen.bar(bins[k], 0, bins[k + 1], Math.sqrt(share), "blue")),
        },
      ]
    },
    press(panel, at, _, state) {
      if (panel === 2) return {}
      return { layer: layers[nearest(layers, Math.min(at, state.depth))] }
    },
    say(state) {
      const { forward, gradient, gradientTheory, last } = chosen(state), power = gradient[0], theory = gradientTheory[0]
      const apart = Math.abs(theory)
      const verdict = apart > fails ? `It ${theory < 0 ? "vanishes" : "explodes"}: so far apart, twenty layers without biases read about half of the digits at best, by plain descent.`
        : apart > trains ? "Between what trained well by plain descent and what did not, in twenty layers without biases."
          : state.activation !== "sigmoid" ? "Twenty layers of it with ends as near trained by plain descent, without biases."
            : state.depth < 20 ? "The gradient comes through." : "The gradient comes through; yet twenty such layers, without biases, trained in part only by plain descent."
      const name = names[/** @type {keyof names} */ (state.activation)]
      return `${name}, weight variance ${figure(state.weights)}, bias variance ${Number(state.biases)}, ${state.depth} layers of ${width}. `
        + `The signal goes from ${ofPower(forward[0])} to ${ofPower(forward[last])}; the gradient comes back to layer 1 as ${ofPower(power)} of the last layer's, in theory ${ofPower(theory)}. ${verdict}`
    },
  }
}
