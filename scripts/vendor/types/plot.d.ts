import uPlot from "uplot"

export { uPlot }
export const css: string
