// What docs/assets/vendor/search.js puts into the globals of the worker that searches.
declare const MiniSearch: typeof import("minisearch").default
declare function stemmer(word: string): string
