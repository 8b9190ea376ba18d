// @ts-check
// Symmetry: hidden units' incoming weights while they learn, from equal, nearly equal and random starts.
import { decades, figure, nearest, ofPower } from "./shared.js"

const COLORS = ["blue", "red", "green", "purple", "ochre"]

/** @param {Record<string, any>} data @returns {import("./shared.js").Explorer} */
export function explorer({ noises, steps, units, weights, spread, loss }) {
  const reach = 1.1 * Math.max(...noises.flatMap((/** @type {number} */ _, /** @type {number} */ k) => [0, 1].flatMap(twins =>
    Array.from({ length: 2 * units }, (_, w) => Math.max(...weights.row(twins, k, w).map(Math.abs))))))
  const plane = /** @type {[number, number]} */ ([-reach, reach]), last = steps.at(-1)
  // A slider needs numbers in order; a noise of 0 stands at its left end.
  const at = (/** @type {import("./shared.js").State} */ state) => /** @type {[number, number]} */ ([Number(state.twins), noises.indexOf(state.noise)])

  return {
    lead: "Move the noise on equal weights, then let them train: Play, or the slider.",
    play: "step",
    controls: [
      { name: "noise", label: "noise", stops: noises, start: 0 },
      { name: "step", label: "step", stops: steps, start: last },
      { name: "twins", label: "units 1 and 2 start equal", start: false },
    ],
    panels: [
      { title: "incoming weights", tall: true, equal: true, x: { range: plane, label: "from input 1" }, y: { range: plane } },
      { title: "loss", x: { range: [0, last] }, y: { range: [0, 0.2] } },
      { title: "distance between units", x: { range: [0, last] }, y: { range: [-16, 1], decades: true } },
    ],
    draw(state) {
      const [twins, k] = at(state), now = nearest(steps, state.step), losses = loss.row(twins, k), apart = spread.row(twins, k)
      const chart = (/** @type {Float64Array} */ row) => ({
        under: { of: `${twins} ${k}`, paint: (/** @type {import("./shared.js").Pen} */ pen) => pen.line(steps, row, "ink", { width: 2 }) },
        paint: (/** @type {import("./shared.js").Pen} */ pen) => {
          pen.upright(state.step, "soft")
          pen.dot(state.step, row[now], "ink")
        },
      })
      return [
        {
          paint: pen => {
            for (let unit = 0; unit < units; unit++) {
              const w1 = weights.row(twins, k, unit).subarray(0, now + 1), w2 = weights.row(twins, k, units + unit).subarray(0, now + 1)
              pen.line(w1, w2, COLORS[unit])
              pen.dot(w1[0], w2[0], COLORS[unit], { radius: 3, hollow: true })
            }
            // Smaller and smaller, so that of equal units each is seen.
            for (let unit = 0; unit < units; unit++)
              pen.dot(weights.row(twins, k, unit)[now], weights.row(twins, k, units + unit)[now], COLORS[unit], { radius: 9 - 1.6 * unit })
          },
        },
        { y: [0, 1.1 * Math.max(...losses)], ...chart(losses) },
        { y: decades([...apart]), ...chart(apart) },
      ]
    },
    press: (panel, x) => panel ? { step: steps[nearest(steps, x)] } : {},
    say(state) {
      const [twins, k] = at(state), now = nearest(steps, state.step), apart = spread.row(twins, k)[now]
      const start = state.noise === 0 ? "equal weights" : state.noise === 1 ? "random weights" : `equal weights with noise ${figure(state.noise)}`
      const together = apart < -9 ? "The five units are still one unit." : `Units are up to ${ofPower(apart)} from their mean.`
      return `From ${start}, step ${state.step}: the loss is ${figure(loss.row(twins, k)[now])}. ${together}`
        + (twins && apart >= -9 ? " Units 1 and 2 started equal and are equal: nothing in training tells them apart." : "")
    },
  }
}
