#!/usr/bin/env bash
# What a model has no price for costs nothing: a sum without it looks like the whole.
#
# Software: genai-prices 0.2.3
# Expected: an error, or None, where tokens were used whose price is not on the list.
# Seen:     0. What comes out of a model that has only a price for what goes in is free, and so is all that a model without
#           any price does, such as qwen-3-coder-480b at Cerebras; nothing but the name tells it from one that is `:free`.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'genai-prices==0.2.3'
python - <<'PYTHON'
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot

used = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
half = calc_price(used, "text-embedding-3-small", provider_id="openai")
print("text-embedding-3-small:", half.model_price, "->", half.total_price, "of it out", half.output_price)

unpriced = [
    (provider.id, model.id)
    for provider in get_snapshot().providers
    for model in provider.models
    if not isinstance(model.prices, list) and not model.prices.__dict__ and "free" not in model.id
]
print(len(unpriced), "models that are not called free have no price at all, such as", unpriced[:3])
sums = {calc_price(used, model, provider_id=provider).total_price for provider, model in unpriced[:3]}
print("they cost", sums)
raise SystemExit(0 if half.output_price == 0 and sums <= {0} else 1)
PYTHON
