// What the search is made of, for `docs/assets/js/search.js`, a worker that is no module and takes it from its globals.
import MiniSearch from "minisearch"
import { stemmer } from "stemmer"

Object.assign(self, { MiniSearch, stemmer })
