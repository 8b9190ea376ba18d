// Formats numbers for sentences and axes.

/**
 * A number with a minus sign in place of a hyphen.
 * @param {number} value
 */
export const formatSigned = value => String(value).replace("-", "−")

/**
 * A number of few digits; very small and very large ones as a power of ten.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function formatNumber(value, digits = 3) {
  if (value === 0) return "0"
  const power = Math.log10(Math.abs(value))
  if (power < -3 || power >= 5) return (value < 0 ? "−" : "") + formatPower(power)
  return formatSigned(Number(value.toPrecision(digits)))
}

/**
 * The number 10^power, which may be too small or too large for a float. NaN is "nothing".
 * @param {number} power
 * @returns {string}
 */
export function formatPower(power) {
  if (Number.isNaN(power)) return "nothing"
  if (power > -3 && power < 5) return formatNumber(10 ** power)
  // The mantissa, from 1 to 10, rounded to one digit. 9.7 becomes 1e+1, whose exponent is added to the power.
  const [digits, exponent] = (10 ** (power - Math.floor(power))).toExponential(0).split("e")
  return `${digits}·10${superscript(Math.floor(power) + Number(exponent))}`
}

/**
 * An integer in raised digits.
 * @param {number} n
 */
export const superscript = n => [...String(n)].map(c => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("")
