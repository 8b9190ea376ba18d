// Pictures come from code that a link may have brought. What is put into the page draws, and does nothing else.
import DOMPurify from "dompurify"

DOMPurify.addHook("uponSanitizeAttribute", (node, attribute) => {
  const { attrName, attrValue } = attribute
  const fetches = /url\((?!\s*['"]?#)|image-set|@import/i.test(attrValue)
  const leads = /(^|:)href$|^src$/.test(attrName) && !attrValue.startsWith("#")
  if (fetches || leads) attribute.keepAttr = false
})

/** Return the markup as a fragment without scripts, styles of its own, links, or anything fetched. */
export function clean(markup) {
  return DOMPurify.sanitize(markup, {
    USE_PROFILES: { html: true, svg: true },
    ADD_TAGS: ["use"],
    FORBID_TAGS: ["style", "img", "image", "feimage", "picture", "video", "audio", "source", "iframe", "form", "input", "button", "textarea", "select", "a", "foreignobject"],
    FORBID_ATTR: ["srcset", "background", "popovertarget"],
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}
