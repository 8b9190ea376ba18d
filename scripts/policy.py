"""The content-security policy of the pages, as an element of each, since a host of static files sets no headers.

Scripts are those of this site and those within a page, by their hash; nothing is asked of another host. Python runs in
a frame with a policy of its own: `docs/assets/js/run/room.html`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

# A script within the page, unless it is data.
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/))[^>]*>(.*?)</script>", re.DOTALL)
POLICY = {
    "default-src": "'self'", "script-src": "'self'", "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:",
    "base-uri": "'none'", "form-action": "'self'",
}  # fmt: skip


def of(page: str) -> str:
    """Return the policy of a page, given as HTML.

    Examples:
        >>> of("<head></head>").partition("; style-src")[0]
        "default-src 'self'; script-src 'self'"
        >>> of("<head></head><script>1</script>").partition("; style-src")[0]
        "default-src 'self'; script-src 'self' 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    hashes = dict.fromkeys(f" 'sha256-{_hash(script)}'" for script in INLINE.findall(page))
    return "; ".join(
        f"{name} {value}{''.join(hashes) if name == 'script-src' else ''}" for name, value in POLICY.items()
    )


def add(site: Path) -> None:
    """Write into each page of a site its policy, before anything that it is about."""
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        if "http-equiv" not in page:  # the frame of Python has one of its own
            element = f'<meta http-equiv="Content-Security-Policy" content="{of(page)}">'
            path.write_text(re.sub(r"(<head>\s*<meta charset=[^>]*>)", rf"\1{element}", page, count=1), "utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
