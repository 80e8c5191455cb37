"""How the embedded model can fail: one error, and always the same way out."""

from chatapp.errors import LocalModelError, SettingsError

WAY_OUT = "Or set BASE_URL or OPENAI_API_KEY to use another model."


def failure(what: str, *, hint: str) -> LocalModelError:
    """Return the error that says `what` happened, what to do about it, and how to do without the embedded model."""
    return LocalModelError(what, hint=f"{hint} {WAY_OUT}")


def wrong_setting(what: str, *, hint: str) -> SettingsError:
    """Return the error for a LOCAL_MODEL that names nothing which could be used, wherever that is found out."""
    return SettingsError(what, hint=f"{hint} {WAY_OUT}")
