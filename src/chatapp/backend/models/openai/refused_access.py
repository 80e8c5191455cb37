"""How servers word that they do not let a question in: a key, a moderation, a firewall."""

from collections.abc import Mapping

from chatapp.backend.models.openai.said import ErrorWords
from chatapp.errors import UpstreamAuthError, UpstreamBadResponseError, UpstreamError

_KEY_CODES = (
    "invalid_api_key", "invalidapikey", "incorrect_api_key", "authentication_error", "invalid_authentication_error",
    "unauthenticated", "unauthorized", "api_key_invalid", "no_db_connection", "token_not_found_in_db", "invalid_token",
    "auth_error", "401", "1004", "2049",
)  # fmt: skip
_KEY_WORDS = ("api key", "api-key", "api_key", "apikey", "no connected db", "authentication", "unauthorized",
              "credential", "invalid token", "access token", "security token", "authorization token",
              "无效的令牌")  # fmt: skip
"""The last is of gateways made with one-api: an invalid token."""
_SURE_KEY_WORDS = ("invalid api key", "invalid api-key", "incorrect api key", "api key is invalid", "api key not valid",
                   "authenticationerror", "authentication failed", "authentication fails")  # fmt: skip
"""What counts whatever the status is: in a stream there is none, and some gateways say 404 or 500."""
_NAMED_KEY = ("api key", "api-key", "apikey", "authorization header")
_BAD_KEY_WORDS = ("expired", "disabled", "revoked", "missing", "must be provided", "is required", "n't exist",
                  "not exist", "no api key", "not provided", "deactivated", "suspended")  # fmt: skip
"""What counts beside a key, likewise."""
_ANY_KEY_WORDS = (*_KEY_WORDS, "key", "permission", "authoriz", "not allowed to", "forbidden for")
_KEY_FIELDS = ("authorization", "header.authorization", "x-api-key", "header.x-api-key")
_MODERATION_CODES = ("content_policy_violation", "content_filter", "moderation_blocked", "data_inspection_failed",
                     "datainspectionfailed", "responsibleaipolicyviolation", "prompt_blocked", "1301", "1026",
                     "censorship_blocked", "guardrail_blocked", "contentpolicyviolationerror",
                     "sensitivecontentdetected", "hooks_failed", "prompt_threat_detected")  # fmt: skip
_MODERATION_WORDS = ("moderation", "flagged", "content policy", "content management policy", "safety system",
                     "content exists risk", "content filtering policy", "violates usage guidelines",
                     "may contain sensitive", "may contain inappropriate", "blocked by guardrail",
                     "violated guardrail", "content safety", "prohibited_content")  # fmt: skip
_SURE_MODERATION_WORDS = ("contentpolicyviolation", "sensitivecontentdetected", "blocked due to security")
_MODERATES = {0, 400, 403, 422, 451}
_PLACE_WORDS = ("location is not supported", "country, region, or territory not supported", "region is not supported",
                "not allowed for organization", "not allowed for your organization",
                "organization has been restricted", "organization has been disabled")  # fmt: skip
_PLACE_STATUSES = {403, 451}


def access_error(said: ErrorWords, status: int, headers: Mapping[str, str]) -> UpstreamError | None:
    """Return the error if it is who asks, or from where, or what about, that is refused."""
    if status == 401 and not said.words and headers.get("www-authenticate", "").lower().startswith("basic"):  # noqa: PLR2004
        what = "the model server, or a proxy before it, wants a user and a password."
        hint = 'Name it in connections.toml, with headers = { Authorization = "Basic …" }.'
        return UpstreamAuthError(what, hint=hint)
    is_moderated = status in _MODERATES and said.says(*_MODERATION_WORDS)
    if said.has_code(*_MODERATION_CODES) or is_moderated or said.says(*_SURE_MODERATION_WORDS):
        return _refused_by_moderation(status)
    if status == 401 or _is_about_key(said, status):  # noqa: PLR2004
        return UpstreamAuthError("the model server does not accept the API key.", hint="Check OPENAI_API_KEY.")
    if status in _PLACE_STATUSES or said.says(*_PLACE_WORDS):
        named = f" (status {status})" if status else ""
        return UpstreamAuthError(
            f"the model server, or a firewall in front of it, refuses us{named}.",
            hint="Check that BASE_URL may be asked from this network and region, and that the key may use this model.",
        )
    return None


def _is_about_key(said: ErrorWords, status: int) -> bool:
    if said.has_code(*_KEY_CODES) or said.parameter in _KEY_FIELDS or said.says(*_SURE_KEY_WORDS):
        return True
    if said.words in {"unauthorized", "not authenticated"} or (said.says(*_NAMED_KEY) and said.says(*_BAD_KEY_WORDS)):
        return True
    words = {400: _KEY_WORDS, 403: _ANY_KEY_WORDS}.get(status, ())
    return said.says(*words)


def _refused_by_moderation(status: int) -> UpstreamError:
    what = "the model server's moderation refuses the question."
    hint = "Word it differently, or choose another model."
    return UpstreamAuthError(what, hint=hint) if status == 403 else UpstreamBadResponseError(what, hint=hint)  # noqa: PLR2004
