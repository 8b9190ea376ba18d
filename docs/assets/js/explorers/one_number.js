// One network whose weights are all multiplied by one number: what the gradient is, layer by layer, on its way back.
import { nearest } from "./shared/data.js"
import { formatNumber, formatPower } from "./shared/format.js"

/**
 * @typedef {{ factor: number }} State
 * @param {{
 *   factors: number[], shown: number[], layers: number[], gradient: import("./shared/data.js").Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ factors, shown, layers, gradient }) {
  /** @param {number} factor */
  const row = factor => gradient.row(nearest(factors, factor))
  /** @param {number} factor */
  const color = factor => factor === 1 ? "green" : factor < 1 ? "blue" : "red"
  const last = layers.length

  return {
    lead: "Multiply all weights by a number: move the slider, or drag the line.",
    presets: [["Let it vanish", { factor: 0.8 }], ["He’s scale", { factor: 1 }], ["Let it explode", { factor: 1.25 }]],
    controls: [{ name: "factor", label: "factor on all weights", stops: factors, start: 1 }],
    panels: [{
      name: "gradient", title: "size of the gradient", wide: true,
      x: { range: [0, last + 1], whole: true, label: "layer: the input is on the left, the loss on the right" },
      y: { range: [-16, 16], decades: true },
    }],
    play: "factor",
    draw({ factor }) {
      return [{
        // What the other factors give, thin, for comparison: the axes stay.
        background: {
          key: "others",
          paint: painter => shown.forEach(other => painter.line(layers, row(other), "grid", { width: 1.2 })),
        },
        paint: painter => {
          painter.line(layers, row(factor), color(factor), { width: 3 })
          painter.dots([1], [row(factor)[0]], color(factor), { radius: 5 })
          painter.words(layers[4], row(factor)[4], `×${formatNumber(factor)}`, color(factor), { up: 14 })
        },
      }]
    },
    press(_, x, y) {
      // The factor whose line is nearest to the pointer, in the layer that it points at.
      const layer = nearest(layers, x)
      let best = 0
      for (let k = 1; k < factors.length; k++)
        if (Math.abs(gradient.row(k)[layer] - y) < Math.abs(gradient.row(best)[layer] - y)) best = k
      return { factor: factors[best] }
    },
    say({ factor }) {
      const there = row(factor)[0], one = row(1)[0]
      const verdict = Math.abs(there - one) < 1 ? "It comes through." : there < one ? "It vanishes." : "It explodes."
      const from = formatNumber(10 ** row(factor)[last - 1], 2), to = formatPower(there)
      return `He’s scale × ${formatNumber(factor)}: the gradient goes from ${from} in layer ${last} `
        + `to ${to} in layer 1. ${verdict}`
    },
  }
}
