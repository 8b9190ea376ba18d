// Slopes: an activation with its slope, and the factor on a gradient that meets this slope in each of many layers.
import { nearest, range } from "./shared/data.js"
import { formatNumber, formatPower, formatSigned } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ first: string, second: string, x: number, layers: number }} State
 */

/**
 * @param {{
 *   names: string[], x: number[], value: Grid, slope: Grid, left: Grid, peak: number[], steepest: number[],
 *   where: [number, number][], layers: number,
 * }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ names, x, value, slope, left, peak, steepest, where, layers }) {
  const options = names.map(name => [name, name.replaceAll("_", " ")])
  // A line needs fewer places than the slider, and both sides of a jump.
  const drawn = x.map((_, k) => k)
    .filter(k => k % 12 === 0 || x[k] === x[k - 1] || x[k] === x[k + 1] || k === x.length - 1)
  /** @param {ArrayLike<number>} row */
  const line = row => drawn.map(k => row[k])
  const lineX = line(x)
  const lines = names.map((_, k) => ({ value: line(value.row(k)), slope: line(slope.row(k)) }))
  const colors = ["blue", "red"], dashes = [[], [7, 4]]
  const stops = range(-6, 6, 0.01)

  /**
   * What the data say of an activation.
   * @param {string} name
   */
  const known = name => {
    const k = names.indexOf(name)
    return {
      name: name.replaceAll("_", " "), value: value.row(k), slope: slope.row(k), left: left.row(k),
      lines: lines[k], peak: peak[k], where: where[k], steepest: steepest[k],
    }
  }

  return {
    lead: "What does a slope leave of a gradient, layer after layer? Move x in a chart, or by its slider.",
    presets: [
      ["Try the middle, x = 0", { x: 0 }], ["Saturate: x = 4", { x: 4 }],
      ["Compare ReLU and GELU", { first: "relu", second: "gelu", x: 1 }],
    ],
    controls: [
      { name: "first", label: "solid", options, start: "sigmoid" },
      { name: "second", label: "dashed", options, start: "tanh" },
      { name: "x", label: "x", stops, start: 2 },
      { name: "layers", label: "layers", stops: range(1, layers, 1), start: 10 },
    ],
    panels: [
      { name: "value", title: "value", x: { range: [-6, 6], label: "x" }, y: { range: [-1.5, 3] } },
      { name: "slope", title: "slope", x: { range: [-6, 6], label: "x" }, y: { range: [-0.2, 1.3] } },
      {
        name: "gradient", title: "", wide: true, x: { range: [0, layers], whole: true, label: "layers" },
        y: { range: [-16, 4], decades: true },
      },
    ],
    draw(state) {
      const pair = [known(state.first), known(state.second)], k = nearest(x, state.x)
      /** @param {"value" | "slope"} what @returns {import("./shared/chart.js").Drawing} */
      const chart = what => ({
        background: {
          key: `${state.first} ${state.second}`,
          paint: painter => pair.forEach(({ lines, name }, one) => {
            painter.line(lineX, lines[what], colors[one], { width: 2, dash: dashes[one] })
            // One name stands on the right and one on the left, above and below: they never meet.
            const at = one ? 0 : lineX.length - 1
            /** @type {{ align: "left" | "right", up: number }} */
            const style = one ? { align: "left", up: -10 } : { align: "right", up: 12 }
            painter.words(lineX[at], lines[what][at], name, colors[one], style)
          }),
        },
        paint: painter => {
          painter.vertical(state.x, "soft")
          pair.forEach((activation, one) => painter.dot(state.x, activation[what][k], colors[one]))
        },
      })
      // Powers of ten after `layers` layers. Before that they are proportional to the number of layers: straight lines.
      const ends = pair.map(({ left }) => left[k]), steepest = pair.map(activation => activation.steepest)
      return [chart("value"), chart("slope"), {
        title: `gradient after n such slopes (thin: at the largest slope), slope at ${formatSigned(state.x)}`,
        paint: painter => {
          ends.forEach((end, one) =>
            painter.line([0, layers], [0, end], colors[one], { width: 2, dash: dashes[one] }))
          // A name stands where its line ends, or leaves the picture.
          ends.forEach((end, one) => {
            const leaves = end < -14, at = leaves ? layers * -14 / end : layers
            if (!Number.isNaN(end)) painter.words(at, Math.max(end, -14), pair[one].name, colors[one],
              { align: leaves ? "left" : "right", up: one ? -4 : 14 })
          })
          steepest.forEach((end, one) =>
            painter.line([0, layers], [0, end], colors[one], { width: 0.8, dash: dashes[one] }))
          painter.vertical(state.layers, "soft")
          ends.forEach((end, one) => painter.dot(state.layers, end * state.layers / layers, colors[one]))
        },
      }]
    },
    press: (panel, at) => panel < 2
      ? { x: stops[nearest(stops, at)] }
      : { layers: Math.min(Math.max(Math.round(at), 1), layers) },
    say(state) {
      const k = nearest(x, state.x)
      /** @param {number} end */
      const after = end => formatPower(end * state.layers / layers)
      return [state.first, state.second].map(known).map(({ name, value, slope, left, peak, where, steepest }) => {
        const [from, to] = where.map(formatSigned), place = from === to ? `at ${from}` : `from ${from} to ${to}`
        return `${name} at ${formatSigned(state.x)}: ${formatNumber(value[k])}, slope ${formatNumber(slope[k])}; `
          + `the largest slope is ${formatNumber(peak)}, ${place}. `
          + `${state.layers} such slopes multiply a gradient by ${after(left[k])}, and at most by ${after(steepest)}.`
      }).join(" ")
    },
  }
}
