"""A strict Content-Security-Policy on every page: nothing from elsewhere, no unknown script.

Scripts come from the site's own files; one inside a page runs only if its hash is named. So do
style elements. Style attributes are free, because KaTeX and the pictures place their parts by
thousands of them; they can neither run code nor, with the rest of the policy, load anything. A
frame's ancestors, which only a server can restrict, are left open.
"""

import hashlib
import re
from base64 import b64encode


def policy(html):
    """Return the policy of a page, with the hashes of the scripts and styles inside it."""

    def hashes(pattern):
        texts = dict.fromkeys(re.findall(pattern, html, re.DOTALL))
        digests = (b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
        return "".join(f" 'sha256-{digest}'" for digest in digests)

    # A script with another type than JavaScript is data.
    scripts = hashes(r"<script(?![^>]*\s(?:src|type)=)[^>]*>(.*?)</script>")
    sheets = hashes(r"<style[^>]*>(.*?)</style>")
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self'{scripts}",
            f"style-src-elem 'self'{sheets}",
            "style-src-attr 'unsafe-inline'",
            "style-src 'self' 'unsafe-inline'",  # for browsers that do not know the two before
            "img-src 'self' data:",  # the pictures inside a figure are data
            "font-src 'self'",
            "connect-src 'self'",  # the search shows a piece of each page it finds
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
        ]
    )


def protect(html):
    """Return a page with its policy at the top: it must see the whole page, as it is written."""
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
    return re.sub(r"<meta charset[^>]*>", rf"\g<0>{tag}", html, count=1)
