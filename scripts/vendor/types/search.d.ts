// What docs/assets/vendor/search.js puts into the globals of the worker that searches.
declare const MiniSearch: typeof import("minisearch").default
declare function stemmer(word: string): string
// There only where a frame stands for the worker: in the copy that is read without a server.
declare const document: { currentScript: { src: string } | null } | undefined
interface WorkerGlobalScope { document?: typeof document }
