// Pictures come from code that a link may have brought. What is put into the page draws, and does nothing else.
import DOMPurify from "dompurify"

const OWN = "wi-shown-" // so that no id is one of the page's, or names one of its styles or scripts
const CLASSES = new Set(["wi-figure"]) // of the page's, the one that a picture has

DOMPurify.addHook("uponSanitizeAttribute", (node, attribute) => {
  const { attrName, attrValue } = attribute
  // CSS reads an escape as the letter that it stands for; no picture needs one.
  const escapes = attrValue.includes("\\")
  const fetches = /(?:url|src|image(?:-set)?|cross-fade|element)\((?!\s*['"]?#)|@import/i.test(attrValue)
  const leads = /(^|:)href$|^src$/.test(attrName) && !attrValue.startsWith("#")
  const covers = attrName === "style" && /position/i.test(attrValue)
  const named = attrName === "class" && !attrValue.split(/\s+/).every(name => CLASSES.has(name))
  if (escapes || fetches || leads || covers || named) attribute.keepAttr = false
  else if (attrName === "id") attribute.attrValue = OWN + attrValue
  else if (/(^|:)href$/.test(attrName)) attribute.attrValue = attrValue.replace("#", `#${OWN}`)
  else attribute.attrValue = attrValue.replace(/(url\(\s*['"]?#)/gi, `$1${OWN}`)
})

/** Return the markup as a fragment without scripts, styles of its own, links, names of the page, or anything fetched. */
export function clean(markup) {
  return DOMPurify.sanitize(markup, {
    USE_PROFILES: { html: true, svg: true },
    ADD_TAGS: ["use"],
    FORBID_TAGS: ["style", "img", "image", "feimage", "picture", "video", "audio", "source", "iframe", "form", "input", "button", "textarea", "select", "a", "foreignobject"],
    FORBID_ATTR: ["srcset", "background", "popovertarget", "name", "for"],
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}
