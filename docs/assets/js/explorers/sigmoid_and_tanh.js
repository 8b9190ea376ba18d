// @ts-check
// Slopes: where an activation is flat, and what is left of a gradient after layers that are.
import { along, figure, nearest, ofPower, signed, stops } from "./shared.js"

/** @param {Record<string, any>} data @returns {import("./shared.js").Explorer} */
export function explorer({ names, x, value, slope, left, peak, steepest, where, layers }) {
  const options = names.map((/** @type {string} */ name) => [name, name.replaceAll("_", " ")])
  // A line needs fewer places than the slider, and both sides of a jump.
  const drawn = x.map((/** @type {number} */ _, /** @type {number} */ k) => k).filter((/** @type {number} */ k) => k % 12 === 0 || x[k] === x[k - 1] || x[k] === x[k + 1] || k === x.length - 1)
  const line = (/** @type {Float64Array} */ row) => drawn.map((/** @type {number} */ k) => row[k])
  const at_x = line(x)
  const lines = names.map((/** @type {string} */ _, /** @type {number} */ k) => ({ value: line(value.row(k)), slope: line(slope.row(k)) }))

  /** What there is to know of an activation. @param {string} name */
  const known = name => {
    const k = names.indexOf(name)
    return { name: name.replaceAll("_", " "), value: value.row(k), slope: slope.row(k), left: left.row(k), lines: lines[k], peak: peak[k], where: where[k], top: steepest[k] }
  }
  const places = stops(-6, 6, 0.01)

  return {
    lead: "Choose two activations, then move along x: drag in a chart, or use the slider.",
    controls: [
      { name: "first", label: "solid", options, start: "sigmoid" },
      { name: "second", label: "dashed", options, start: "tanh" },
      { name: "x", label: "x", stops: places, start: 2 },
      { name: "layers", label: "layers", stops: stops(1, layers, 1), start: 10 },
    ],
    panels: [
      { title: "value", x: { range: [-6, 6] }, y: { range: [-1.5, 3] } },
      { title: "slope", x: { range: [-6, 6] }, y: { range: [-0.2, 1.3] } },
      { title: "", wide: true, x: { range: [0, layers], whole: true }, y: { range: [-16, 1], decades: true } },
    ],
    draw(state) {
      const pair = [known(state.first), known(state.second)], colors = ["blue", "red"], dashes = [[], [7, 4]], at = nearest(x, state.x)
      const chart = (/** @type {"value" | "slope"} */ what) => ({
        y: /** @type {[number, number]} */ ([Math.min(what === "value" ? -1.2 : -0.2, ...pair.map(one => Math.min(...one.lines[what]) - 0.1)), Math.max(1.2, ...pair.map(one => Math.max(...one.lines[what]) + 0.1))]),
        under: {
          of: `${state.first} ${state.second}`,
          paint: (/** @type {import("./shared.js").Pen} */ pen) => pair.forEach((one, k) => pen.line(at_x, one.lines[what], colors[k], { width: 2, dash: dashes[k] })),
        },
        paint: (/** @type {import("./shared.js").Pen} */ pen) => {
          pen.upright(state.x, "soft")
          pair.forEach((one, k) => pen.dot(state.x, one[what][at], colors[k]))
        },
      })
      const after = pair.map(one => one.left[at])
      return [chart("value"), chart("slope"), {
        y: [-16, Math.max(1, ...after.map(end => Math.ceil(end || 0)), ...pair.map(one => Math.ceil(one.top)))],
        title: `left after n slopes as at ${signed(state.x)}; thin: the steepest`,
        paint: pen => {
          after.forEach((end, k) => pen.line([0, layers], [0, end], colors[k], { width: 2, dash: dashes[k] }))
          pair.forEach((one, k) => pen.line([0, layers], [0, one.top], colors[k], { width: 0.8, dash: dashes[k] }))
          pen.upright(state.layers, "soft")
          after.forEach((end, k) => Number.isNaN(end) || pen.dot(state.layers, along(0, end, state.layers, layers), colors[k]))
        },
      }]
    },
    press: (panel, at) => panel < 2 ? { x: places[nearest(places, at)] } : { layers: Math.min(Math.max(Math.round(at), 1), layers) },
    say(state) {
      const k = nearest(x, state.x), left = (/** @type {number} */ end) => ofPower(along(0, end, state.layers, layers))
      return [state.first, state.second].map(known).map(one => {
        const [from, to] = one.where, place = from === to ? `at ${signed(from)}` : `from ${signed(from)} to ${signed(to)}`
        const height = figure(one.value[k]), slope = figure(one.slope[k])
        return `${one.name} at ${signed(state.x)}: ${height}, slope ${slope}; at most ${figure(one.peak)}, ${place}. `
          + `${state.layers} such slopes leave ${left(one.left[k])}; the steepest, ${left(one.top)}.`
      }).join(" ")
    },
  }
}
