// The plane of the edge of chaos: a place in it, and what becomes of a gradient and of two inputs there.
import { nearest } from "./shared/data.js"
import { formatNumber, formatPower } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ weights: number, biases: number }} State
 */

/**
 * @param {{
 *   weights: number[], biases: number[], depth: number, edge: number[], reaches: number[],
 *   lines: Grid, rate: Grid, correlation: Grid,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ weights, biases, depth, edge, reaches, lines, rate, correlation }) {
  const layers = Array.from({ length: depth + 1 }, (_, k) => k)
  /** @param {State} state */
  const chosen = state => {
    const at = /** @type {const} */ ([nearest(biases, state.biases), nearest(weights, state.weights)])
    return { rate: rate.row(at[0])[at[1]], pair: correlation.row(...at) }
  }
  const middle = Math.floor(biases.length / 2)

  return {
    lead: "Where do a network's weights stand? Drag the point in the plane, or use the sliders.",
    presets: [
      ["Stand in order", { weights: 1, biases: 0.1 }], ["Go to the edge", { weights: 1.8, biases: 0.05 }],
      ["Stand in chaos", { weights: 3.5, biases: 0.05 }],
    ],
    play: "weights",
    controls: [
      { name: "weights", label: "weights", stops: weights, start: 1.2 },
      { name: "biases", label: "biases", stops: biases, start: 0.1 },
    ],
    panels: [
      {
        name: "plane", title: "variance of the biases", wide: true,
        x: { range: [weights[0], weights[weights.length - 1]], label: "variance of the weights × fan-in" },
        y: { range: [0, biases[biases.length - 1]] },
      },
      {
        name: "gradient", title: "size of the gradient", x: { range: [0, depth], whole: true, label: "layers back" },
        y: { range: [-8, 8], decades: true },
      },
      {
        name: "two inputs", title: "correlation of two inputs",
        x: { range: [0, depth], whole: true, label: "layer" }, y: { range: [0, 1.05] },
      },
    ],
    draw(state) {
      const now = chosen(state), end = depth * now.rate
      const color = now.rate < 0 ? "blue" : "red"
      return [
        {
          background: {
            key: "",
            paint: painter => {
              reaches.forEach((reach, k) => {
                const line = lines.row(k)
                painter.line(line, biases, k % 2 ? "red" : "blue", { width: 1 })
                const align = k % 2 ? "left" : "right"
                painter.words(line[middle], biases[middle], `${reach} layers`, k % 2 ? "red" : "blue", { align, up: 0 })
              })
              painter.line(edge, biases, "ink", { width: 2.5 })
              const top = biases.length - 1
              painter.words(edge[top], biases[top], "the edge", "ink", { align: "right", up: -10 })
              painter.words(weights[0], biases[top], "order", "blue", { up: -10 })
              painter.words(weights[weights.length - 1], 0, "chaos", "red", { align: "right", up: 12 })
            },
          },
          paint: painter => painter.dot(state.weights, state.biases, color, { radius: 7 }),
        },
        {
          paint: painter => {
            painter.line([0, depth], [0, 0], "soft", { width: 1 })
            painter.line([0, depth], [0, end], color, { width: 2 })
            const style = /** @type {const} */ ({ align: "right", up: end < 0 ? 14 : -14 })
            painter.words(depth, end, end < 0 ? "vanishes" : "explodes", color, style)
          },
        },
        {
          paint: painter => {
            painter.line(layers, now.pair, color, { width: 2 })
            const last = now.pair[depth]
            painter.words(depth, last, last > 0.99 ? "alike" : "apart", color, { align: "right", up: -14 })
          },
        },
      ]
    },
    press: (panel, x, y) => panel ? {} : { weights: weights[nearest(weights, x)], biases: biases[nearest(biases, y)] },
    say(state) {
      const now = chosen(state), reach = Math.log10(Math.E) / Math.abs(now.rate)
      return `Tanh, weight variance ${formatNumber(state.weights)}, bias variance ${formatNumber(state.biases)}: `
        + `${now.rate < 0 ? "order" : "chaos"}. Each layer multiplies a gradient by ${formatNumber(10 ** now.rate)}, `
        + `and ${formatNumber(reach, 2)} layers by ${now.rate < 0 ? "1/e" : "e"}; after ${depth} it is `
        + `${formatPower(depth * now.rate)} times as large. `
        + `Two inputs of correlation ${formatNumber(now.pair[0])} have ${formatNumber(now.pair[depth], 2)} there.`
    },
  }
}
