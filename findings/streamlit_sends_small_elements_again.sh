#!/usr/bin/env bash
# Each click on a page of Streamlit sends every unchanged text of less than 10 kB again; only larger ones go by reference.
#
# Software: streamlit 1.67.0
# Expected: what the browser has is not sent again, as the cache of messages (`cached_message_hashes`) suggests.
# Seen:     of forty unchanged texts of 5 kB all 200 kB go over the websocket again with each run of the script, although
#           the browser names all that it has; of one unchanged text of 200 kB a reference goes. The least size for that
#           is the hidden option global.minCachedMessageSize.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q 'streamlit==1.67.0' 'websockets>=15'
cat > app.py <<'APP'
import streamlit as st
if st.query_params.get("texts") == "many":
    for number in range(40):
        st.text(f"{number} " + "x" * 5_000)
else:
    st.text("x" * 200_000)
APP
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
streamlit run app.py --server.address 127.0.0.1 --server.port "$port" --server.headless true --server.fileWatcherType none \
  --browser.gatherUsageStats false > server.log 2>&1 &
server=$!
python - "$port" <<'PYTHON'
import asyncio
import sys
import time

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PORT = sys.argv[1]


async def connect():
    deadline = time.monotonic() + 60
    while True:
        try:
            return await websockets.connect(
                f"ws://127.0.0.1:{PORT}/_stcore/stream", subprotocols=["streamlit"], max_size=None,
                origin=f"http://127.0.0.1:{PORT}",
            )
        except OSError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)


async def run(page, query, known):
    """Return how many bytes one run of the script sends, and the hashes of what can be referred to from now on."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    asked.rerun_script.cached_message_hashes.extend(known)
    await page.send(asked.SerializeToString())
    size, hashes = 0, []
    while True:
        raw = await asyncio.wait_for(page.recv(), 30)
        told = ForwardMsg.FromString(raw)
        size += len(raw)
        if told.hash and told.WhichOneof("type") == "delta":
            hashes.append(told.hash)
        if told.WhichOneof("type") == "script_finished":
            return size, hashes


async def main():
    again = {}
    for texts in ("many", "one"):
        async with await connect() as page:
            first, hashes = await run(page, f"texts={texts}", [])
            again[texts], _ = await run(page, f"texts={texts}", hashes)
            print(f"{texts}: {first} bytes at first, {again[texts]} bytes again")
    return 0 if again["many"] > 190_000 and again["one"] < 5_000 else 1


raise SystemExit(asyncio.run(main()))
PYTHON
