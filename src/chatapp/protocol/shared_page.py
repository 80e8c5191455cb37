"""What browsers are told of a shared conversation, under the backend's address and the page's alike."""

PATH = "/shared/"
"""Below it are pages that are served without a key to whoever has their links, which are secrets."""

HEADERS = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
"""The page itself names the one style sheet that it may have."""
