// Symmetry: hidden units' incoming weights while they learn, from equal, nearly equal and random starts.
import { nearest } from "./shared/data.js"
import { formatNumber, formatPower } from "./shared/format.js"

/**
 * @typedef {import("./shared/data.js").Grid} Grid
 * @typedef {{ noise: number, step: number, twins: boolean }} State
 */

const COLORS = ["blue", "red", "green", "purple", "ochre"]

/**
 * @param {{ noises: number[], steps: number[], units: number, weights: Grid, spread: Grid, loss: Grid }} data
 * @returns {import("./shared/explorer.js").Explorer<State>}
 */
export function explorer({ noises, steps, units, weights, spread, loss }) {
  const last = steps[steps.length - 1]
  const largest = noises.flatMap((_, k) => [0, 1].flatMap(twins =>
    Array.from({ length: 2 * units }, (_, w) => Math.max(...weights.row(twins, k, w).map(Math.abs)))))
  const reach = 1.1 * Math.max(...largest)
  /** @type {[number, number]} */
  const plane = [-reach, reach]
  const highest = Math.max(...noises.flatMap((_, k) => [0, 1].map(twins => Math.max(...loss.row(twins, k)))))
  // A slider needs numbers in order; a noise of 0 stands at its left end.
  /** @param {State} state */
  const chosen = ({ noise, step, twins }) =>
    ({ at: [Number(twins), noises.indexOf(noise)], look: nearest(steps, step) })

  return {
    lead: "Five units start alike but for a little noise. Do they part? Press Play, or move the step.",
    presets: [
      ["All equal", { noise: 0, twins: false }], ["A little noise", { noise: 0.001, twins: false }],
      ["Random", { noise: 1, twins: false }], ["Random, with twins", { noise: 1, twins: true }],
    ],
    play: "step",
    controls: [
      { name: "noise", label: "noise", stops: noises, start: 0.01 },
      { name: "step", label: "step", stops: steps, start: last },
      { name: "twins", label: "units 1 and 2 start equal", start: false },
    ],
    panels: [
      {
        name: "weights", title: "weight from input 2", tall: true, equal: true,
        x: { range: plane, label: "weight from input 1" }, y: { range: plane },
      },
      { name: "loss", title: "loss", x: { range: [0, last], label: "step" }, y: { range: [0, highest] } },
      {
        name: "distance", title: "distance between units", x: { range: [0, last], label: "step" },
        y: { range: [-16, 1], decades: true },
      },
    ],
    draw(state) {
      const { at, look } = chosen(state), losses = loss.row(...at), apart = spread.row(...at)
      /** @param {Float64Array} row @returns {import("./shared/chart.js").Drawing} */
      const chart = row => ({
        background: { key: String(at), paint: painter => painter.line(steps, row, "ink", { width: 2 }) },
        paint: painter => {
          painter.vertical(state.step, "soft")
          painter.dot(state.step, row[look], "ink")
        },
      })
      return [
        {
          paint: painter => {
            for (let unit = 0; unit < units; unit++) {
              const first = weights.row(...at, unit).subarray(0, look + 1)
              const second = weights.row(...at, units + unit).subarray(0, look + 1)
              painter.line(first, second, COLORS[unit])
              painter.dot(first[0], second[0], COLORS[unit], { radius: 3, hollow: true })
            }
            // Smaller and smaller, so that of equal units each is seen.
            for (let unit = 0; unit < units; unit++) {
              const first = weights.row(...at, unit)[look], second = weights.row(...at, units + unit)[look]
              painter.dot(first, second, COLORS[unit], { radius: 9 - 1.6 * unit })
              // Units that are still one have one name.
              if (apart[look] > -1) painter.words(first, second, String(unit + 1), COLORS[unit], { up: 14 })
              else if (!unit) painter.words(first, second, "five units", "ink", { up: 16 })
            }
          },
        },
        chart(losses),
        chart(apart),
      ]
    },
    press: (panel, x) => panel ? { step: steps[nearest(steps, x)] } : {},
    say(state) {
      const { at, look } = chosen(state), apart = spread.row(...at)[look]
      const start = state.noise === 0 ? "equal weights" : state.noise === 1 ? "random weights"
        : `equal weights with noise ${formatNumber(state.noise)}`
      const together = apart < -9 ? "The five units are still one unit."
        : `Units are up to ${formatPower(apart)} from their mean.`
      return `From ${start}, step ${state.step}: the loss is ${formatNumber(loss.row(...at)[look])}. ${together}`
        + (state.twins && apart >= -9
          ? " Units 1 and 2 started equal and are equal: nothing in training tells them apart." : "")
    },
  }
}
