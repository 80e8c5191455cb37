"""How servers word that an account is empty, or that it is asked too often."""

import math
from collections.abc import Mapping

from chatapp.backend.models.openai.busy import is_overloaded
from chatapp.backend.models.openai.retry_after import LONGEST_S, retry_after_s
from chatapp.backend.models.openai.said import ErrorWords
from chatapp.backend.models.openai.too_long import number_behind
from chatapp.errors import UpstreamError, UpstreamQuotaError, UpstreamRateLimitedError

_QUOTA_CODES = (
    "insufficient_quota", "insufficient_user_quota", "insufficient_balance", "insufficient_credits", "quota_exceeded",
    "exceeded_current_quota_error", "billing_not_active", "billing_hard_limit_reached", "payment_required", "402",
    "billing_error", "budget_exceeded", "arrearage", "accountoverdueerror", "1008", "1113",
    "personal-team-blocked:spending-limit", "usage_limit_reached", "not_enough_balance", "insufficient_funds",
    "freetieronly", "setlimitexceeded", "1309", "1310", "token_quota_reached",
)  # fmt: skip
_QUOTA_WORDS = (
    "exceeded your current quota", "insufficient balance", "balance is insufficient", "balance insufficient",
    "credit balance", "run out of credits", "out of credits", "insufficient credits", "not enough credits",
    "quota is not enough", "insufficient quota", "quota has been exhausted", "spending limit", "requires more credits",
    "billing hard limit", "account is not active", "budget has been exceeded", "exceededtokenbudget", "exceededbudget",
    "requires a subscription", "requires a paid plan", "usage limit", "key limit exceeded", "insufficient funds",
    "account is suspended", "have inference credits", "doesn't have any credits", "does not have any credits",
    "free tier of the model has been",
    "daily free allocation", "included credits", "in good standing", "enough balance", "insufficient account balance",
    "payment required", "please recharge", "free usage exceeded", "api calls / month", "valid credit card",
    "paid balance", "free trial quota", "credits are depleted", "spending cap", "requires billing",
    "no payment method", "trial has ended", "trial has expired",
    "subscription has expired", "余额不足", "额度不足", "额度已用尽", "欠费", "使用上限", "套餐已到期",
)  # fmt: skip
"""The last are of gateways made with one-api, and of Zhipu: balance, allowance, arrears, limit of use,
a plan that is over.
"""
_SURE_QUOTA_WORDS = ("limit: 0,", "limit: 0 ", "limit 0,", "rate limit set to 0")
"""What no waiting helps, whatever is said beside it: Gemini's free tier asks to retry in seconds; Groq, Databricks."""
_RATE_CODES = (
    "rate_limit_exceeded", "rate_limit_error", "rate_limited", "rate_limit", "rate_limit_reached_error",
    "too_many_requests", "resource_exhausted", "ratequota", "throttling", "throttlingexception", "requests", "tokens",
    "429", "1002", "1302", "1303", "1305", "ratelimiterror", "ratelimitreached",
)  # fmt: skip
_RATE_WORDS = (
    "rate limit exceeded", "rate limit reached", "exceeded rate limit", "exceeded the rate limit", "too many requests",
    "ratelimiterror", "qps request limit", "daily request limit", "request was throttled", "throttlingexception",
    "requests per minute", "request per minute", "concurrency limit", "temporarily rate-limited",
    "due to rate limiting",
)  # fmt: skip
"""What counts whatever the status is: in a stream there is none, and some gateways say 403 or 500."""
_PACE_ONLY_CODES = tuple(code for code in _RATE_CODES if code not in {"429", "resource_exhausted"})
"""Codes of a limit per minute; 429 alone is both, and so is Google's, which then says how long to wait."""

_BY_THE_DAY = ("per day", "per-day", "daily")
_GOOGLES_DAY = ("perday", "per_day")
"""In names of quotas of a day, of which Google says all the same to retry in seconds: that is no time to go by."""
_TOMORROW = "The limit is one of the day: ask again tomorrow, or choose another model."
_MOMENT_S, _MOST_MINUTES = 60, 90


def quota_or_rate_error(said: ErrorWords, status: int, headers: Mapping[str, str]) -> UpstreamError | None:
    """Return the error for an empty account, or for too many questions: Groq and Gemini talk of billing in every 429.

    None if it is neither.
    """
    wait_s = retry_after_s(headers, said)
    is_throttled = any(code.startswith("throttling") for code in said.codes)
    is_empty = status == 402 or said.has_code(*_QUOTA_CODES) or said.says(*_SURE_QUOTA_WORDS)  # noqa: PLR2004
    if is_empty and not is_throttled:
        return _no_quota(said)
    has_pace = status == 429 or said.has_code(*_RATE_CODES) or is_throttled  # noqa: PLR2004
    if said.says(*_QUOTA_WORDS) and not (has_pace and (wait_s is not None or said.has_code(*_PACE_ONLY_CODES))):
        return _no_quota(said)
    if (has_pace and status not in {401, 403, 404}) or said.says(*_RATE_WORDS):
        if said.says(*_GOOGLES_DAY):
            wait_s = None
        what, hint = "the model server is being asked too often.", _when(wait_s, said)
        if is_overloaded(said):
            what, hint = "the model server is overloaded.", "Ask again in a moment, or choose another model."
        return UpstreamRateLimitedError(what, hint=hint, retry_after=wait_s)
    return None


def _when(wait_s: int | None, said: ErrorWords) -> str:
    """Return what to do, as a sentence, where that is to wait: some count by the day."""
    if wait_s is None and said.says(*_GOOGLES_DAY, *_BY_THE_DAY):
        return _TOMORROW
    if wait_s is None or wait_s <= _MOMENT_S:
        return "Wait a moment and ask again."
    if wait_s >= LONGEST_S:  # perhaps in a week, as plans renew
        return "Ask again in a day or more."
    minutes, hours = math.ceil(wait_s / 60), math.ceil(wait_s / 3600)
    return f"Ask again in {minutes} minutes." if minutes <= _MOST_MINUTES else f"Ask again in {hours} hours."


def _no_quota(said: ErrorWords) -> UpstreamQuotaError:
    """Return the error with the number that OpenRouter states: it wants credit for the longest answer beforehand."""
    if prompt := number_behind(said.words, ("prompt tokens limit exceeded: ",)):
        most = number_behind(said.words, (f"{prompt} > ",))
        return UpstreamQuotaError(
            f"the account's credit is enough to read {most or 'fewer than ' + str(prompt)} tokens.",
            hint="Start a new chat or shorten the question, or add credit at the model server.",
        )
    if (tokens := number_behind(said.words, ("can only afford ",))) is None:
        return UpstreamQuotaError("the account has no quota left.", hint="Check plan and billing of the model server.")
    error = UpstreamQuotaError(
        f"the account's credit is enough for an answer of {tokens} tokens.",
        hint=f"Let max_tokens be {tokens} at most, or add credit at the model server.",
    )
    error.answer_tokens = tokens
    return error
