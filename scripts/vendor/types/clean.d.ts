/** Markup as a fragment without scripts, styles of its own, links, names of the page, or anything fetched. */
export function clean(markup: string): DocumentFragment
