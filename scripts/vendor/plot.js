// What explorers draw with: uPlot, and its style sheet as text, so that pages without an explorer load none of it.
export { default as uPlot } from "uplot"
export { default as css } from "uplot/dist/uPlot.min.css"
