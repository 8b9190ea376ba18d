// @ts-check
// Powers: a pair of eigenvalues in the plane, the state that they turn and stretch, and the gradient through time.
import { decades, figure, nearest, ofPower, signed, stops } from "./shared.js"

/** @param {Record<string, any>} data @returns {import("./shared.js").Explorer} */
export function explorer({ radii, angles, steps, largest, length, direction, gradient, clipped }) {
  const turn = stops(0, 360, 5), circle = [turn.map(a => place(1, a)[0]), turn.map(a => place(1, a)[1])]
  const plane = /** @type {[number, number]} */ ([-1.7, 1.7]), time = stops(0, steps, 1)

  return {
    lead: "Drag the eigenvalue in the plane, on the left, or use the sliders.",
    play: "steps",
    controls: [
      { name: "radius", label: "size", stops: radii, start: 0.9 },
      { name: "angle", label: "angle", stops: angles, start: 30 },
      { name: "steps", label: "steps", stops: stops(1, steps, 1), start: 30 },
      { name: "clip", label: `clip the gradient at ${largest}`, start: false },
    ],
    panels: [
      { title: "eigenvalues", free: true, equal: true, x: { range: plane }, y: { range: plane } },
      { title: "the state, step by step", equal: true, x: { range: plane }, y: { range: plane } },
      { title: "size of the gradient, against steps back in time", wide: true, x: { range: [0, steps + 1], whole: true }, y: { range: [-8, 8], decades: true } },
    ],
    draw(state) {
      const r = nearest(radii, state.radius), a = nearest(angles, state.angle), sizes = gradient.row(r), kept = clipped.row(r)
      const way = time.slice(0, state.steps + 1).map(t => place(10 ** length.row(r)[t], direction.row(a)[t]))
      const shown = state.clip ? kept : sizes
      return [
        {
          under: { of: "", paint: pen => pen.line(circle[0], circle[1], "soft", { width: 1 }) },
          paint: pen => {
            const [x, y] = place(state.radius, state.angle)
            pen.line([0, x], [0, y], "grid")
            pen.dot(x, -y, "blue", { hollow: true })
            pen.dot(x, y, "blue", { radius: 7 })
          },
        },
        {
          paint: pen => {
            pen.line(way.map(([x]) => x), way.map(([, y]) => y), "blue", { width: 1 })
            const near = way.filter(([x, y]) => Math.abs(x) < plane[1] && Math.abs(y) < plane[1])
            pen.dots(near.map(([x]) => x), near.map(([, y]) => y), "blue", { radius: 2.2 })
            const [x, y] = way[way.length - 1]
            if (Math.abs(x) < plane[1] && Math.abs(y) < plane[1]) pen.dot(x, y, "red", { radius: 5 })
          },
        },
        {
          y: decades([...sizes]),
          paint: pen => {
            pen.line(time, sizes, "red", { width: 1, dash: [6, 4] })
            pen.line(time, shown, "red", { width: 2 })
            if (state.clip) pen.line([0, steps], [Math.log10(largest), Math.log10(largest)], "ochre", { width: 1 })
            pen.upright(state.steps, "soft")
            pen.dot(state.steps, shown[state.steps], "red")
          },
        },
      ]
    },
    press(panel, x, y) {
      if (panel === 2) return { steps: Math.min(Math.max(Math.round(x), 1), steps) }
      if (panel === 1) return {}
      return { radius: radii[nearest(radii, Math.hypot(x, y))], angle: angles[nearest(angles, Math.abs(Math.atan2(y, x) * 180 / Math.PI))] }
    },
    say(state) {
      const r = nearest(radii, state.radius), back = gradient.row(r)[state.steps], kept = clipped.row(r)[state.steps]
      const pair = state.angle === 0 ? `Both eigenvalues at ${figure(state.radius)}` : state.angle === 180 ? `Both eigenvalues at ${signed(-state.radius)}` : `Eigenvalues of size ${figure(state.radius)} at ±${state.angle}°`
      const clip = !state.clip ? "" : kept < back ? ` Clipping cuts it to ${ofPower(kept)}.` : " Clipping leaves it as it is: it cannot bring back what has vanished."
      return `${pair}. After ${state.steps} steps the state is ${ofPower(length.row(r)[state.steps])} times as long as at the start. The gradient, as many steps back, is ${ofPower(back)} times as large.${clip}`
    },
  }
}

/** Where a length and a direction lead. @param {number} length @param {number} degrees */
const place = (length, degrees) => [length * Math.cos(degrees * Math.PI / 180), length * Math.sin(degrees * Math.PI / 180)]
