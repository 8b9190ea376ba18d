// @ts-check
// The map of trainability: which depths trained at which scale, and how each of them did.
import { decades, figure, nearest, ofPower } from "./shared.js"

/** @param {Record<string, any>} data @returns {import("./shared.js").Explorer} */
export function explorer({ scales, depths, steps, accuracy, loss, gradient, exploded, curve, gap }) {
  /** Scales stand side by side; between them, the line of theory is placed in proportion. @param {number} scale */
  const column = scale => {
    const k = Math.min(scales.findLastIndex((/** @type {number} */ s) => s <= scale), scales.length - 2)
    return k + (scale - scales[k]) / (scales[k + 1] - scales[k])
  }
  const branches = [curve.slice(0, gap), curve.slice(gap)].map(points => [points.map((/** @type {number[]} */ p) => column(p[0])), points.map((/** @type {number[]} */ p) => p[1])])
  /** @type {[number, number][]} */
  const networks = scales.flatMap((/** @type {number} */ _, /** @type {number} */ i) => depths.map((/** @type {number} */ _, /** @type {number} */ j) => [i, j]))
  const across = networks.map(([i]) => i), up = networks.map(([, j]) => depths[j])
  const at = (/** @type {import("./shared.js").State} */ state) => [scales.indexOf(state.scale), depths.indexOf(state.depth)]
  const last = steps.at(-1), layers = Array.from({ length: Math.max(...depths) + 1 }, (_, k) => k + 1)
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`

  return {
    lead: "Press on a network to see how it trained. Discs: digits recognized. Line: six depth scales.",
    play: "step",
    controls: [
      { name: "scale", label: "scale", stops: scales, start: 1 },
      { name: "depth", label: "depth", stops: depths, start: 20 },
      { name: "step", label: "step", stops: steps, start: last },
    ],
    panels: [
      { title: "hidden layers, against the scale of the weights", wide: true, x: { range: [-0.6, scales.length - 0.4], ticks: scales.map((/** @type {number} */ s, /** @type {number} */ k) => [k, String(s)]) }, y: { range: [0, 46], ticks: depths.map((/** @type {number} */ d) => [d, String(d)]) } },
      { title: "its loss, by step", x: { range: [0, last + 5] }, y: { range: [0, 3] } },
      { title: "its gradient (dotted: at first)", x: { range: [0, 42], whole: true }, y: { range: [-4, 1], decades: true } },
    ],
    draw(state) {
      const [s, d] = at(state), look = nearest(steps, state.step), losses = loss.row(s, d), before = gradient.row(s, d, 0), after = gradient.row(s, d, 1)
      return [
        {
          under: { of: String(look), paint: pen => {
            pen.dots(across, up, "grid", { radius: 9, hollow: true })
            const learned = networks.map(([i, j]) => (accuracy.row(i, j)[look] - 0.1) / 0.9) // what exploded has no number
            pen.dots(across, up, "blue", { radius: learned.map(part => 8.5 * Math.sqrt(Math.max(0, part || 0))) }) // the area is what counts
            for (const [x, y] of branches) pen.line(x, y, "red", { width: 2 })
          } },
          paint: pen => pen.dot(s, depths[d], "ink", { radius: 12, hollow: true }),
        },
        {
          y: [0, Math.max(2.5, 1.1 * Math.max(...losses))],
          paint: pen => {
            pen.line(steps, losses, "blue", { width: 2 })
            pen.upright(state.step, "soft")
            if (!Number.isNaN(losses[look])) pen.dot(state.step, losses[look], "blue")
          },
        },
        {
          x: [0, depths[d] + 2], y: decades([...before, ...after]),
          paint: pen => {
            pen.line(layers, before, "soft", { width: 2, dash: [3, 3] })
            pen.line(layers, after, "blue", { width: 2 })
          },
        },
      ]
    },
    press(panel, x, y) {
      if (panel === 0) return { scale: scales[nearest(scales.map((/** @type {number} */ _, /** @type {number} */ k) => k), x)], depth: depths[nearest(depths, y)] }
      return panel === 1 ? { step: steps[nearest(steps, x)] } : {}
    },
    say(state) {
      const [s, d] = at(state), look = nearest(steps, state.step), seen = accuracy.row(s, d)[look], now = loss.row(s, d)[look], blown = exploded[s][d]
      const end = Number.isNaN(seen) ? `it exploded at step ${blown}` : `${percent(seen)} of the test digits are recognized (guessing: 10 %), and the loss is ${figure(now)}`
      return `${state.depth} layers at scale ${state.scale}: after ${state.step} steps ${end}. At the start, the gradient in layer 1 is ${ofPower(gradient.row(s, d, 0)[0])} of the last layer's; after ${last} steps, ${ofPower(gradient.row(s, d, 1)[0])}.`
    },
  }
}
