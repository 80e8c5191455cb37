"""Whether a client takes what is compressed (https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding)."""

_GZIP = {"gzip", "x-gzip"}


def takes_gzip(accepted: str | None) -> bool:
    """Return whether who sends this `Accept-Encoding` takes gzip: one that names it with a weight of 0 does not."""
    if not accepted or "gzip" not in accepted:
        return False
    if ";" not in accepted:  # as almost always
        return True
    return any(
        name.strip() in _GZIP and weight.replace(" ", "").rstrip("0.") != "q="
        for name, _, weight in (coding.partition(";") for coding in accepted.lower().split(","))
    )
