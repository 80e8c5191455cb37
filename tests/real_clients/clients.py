"""The programs that are tried, each from a pinned release, and what each can do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from real_servers.releases import FOLDER, Release

SCRIPTS = Path(__file__).with_name("scripts")
CASES = ("list", "ask", "stream", "tool", "key", "cancel", "long")
_ALL_BUT_LIST = CASES[1:]
CHAT, RESPONSES, MESSAGES = "chat completions", "responses", "messages"
"""The APIs that one client may speak."""

_OF_AGENTS = ("stream", "tool", "key", "cancel", "long")
_ALL_BUT_KEY = ("stream", "tool", "cancel", "long")
_NODE_MODULES = FOLDER / "npm-clients"
_PACKAGES = {
    "node": "24.21.0",  # most ask for 22 at least, where distributions have 20
    "openai": "7.59.0",
    "ai": "7.0.173",
    "@ai-sdk/openai-compatible": "3.0.92",
    "@ai-sdk/openai": "4.0.118",
    "@ai-sdk/anthropic": "4.0.105",
    "opencode-ai": "1.18.33",
    "@anthropic-ai/claude-code": "2.1.332",
    "@anthropic-ai/sdk": "1.14.0",
    "@openai/codex": "0.171.0",
    "@openai/agents": "0.20.0",
    "@langchain/core": "1.4.0",
    "@langchain/openai": "1.6.0",
    "@langchain/anthropic": "1.5.11",
    "@qwen-code/qwen-code": "0.24.4",
    "@continuedev/cli": "1.5.47",
    "cline": "3.0.65",
    "@mastra/core": "1.71.0",
    "@llamaindex/openai": "0.4.22",
    "@openrouter/sdk": "1.3.19",
    "@openrouter/ai-sdk-provider": "3.1.0",
    "@earendil-works/pi-coding-agent": "1.6.0",
    "@github/copilot": "1.0.102",
    "genkit": "1.42.0",
    "@genkit-ai/compat-oai": "1.42.0",
    "@tanstack/ai": "0.58.0",
    "@tanstack/ai-openai": "0.23.1",
    "zod": "4.6.7",
}
_INSTALL_S = 900


@dataclass(frozen=True)
class Client:
    """One program. `command` is what runs its script, which is installed first where it is missing.

    `need_the_stub` are cases that take more than a small model with a window of 2,048 tokens: it calls tools when it
    likes, speaks until its window is full, and what coding agents put before a question does not fit into it.
    """

    name: str
    command: Callable[[], list[str]]
    cases: tuple[str, ...] = _ALL_BUT_LIST
    is_cheap: bool = False
    need_the_stub: tuple[str, ...] = ("tool", "long")

    def cases_before(self, front: str) -> tuple[str, ...]:
        """Return the cases that it can do in front of `front`."""
        return tuple(case for case in self.cases if front == "stub" or case not in self.need_the_stub)


def _python(script: str, *requirements: str, speaks: str = CHAT) -> Callable[[], list[str]]:
    return lambda: ["env", f"SPEAKS={speaks}", str(Release(requirements).python()), str(SCRIPTS / script)]


def _node(script: str, *, speaks: str = CHAT) -> Callable[[], list[str]]:
    return lambda: ["env", f"SPEAKS={speaks}", _node_command(), str(_NODE_MODULES / script)]


def _node_command() -> str:
    return str(_installed_packages() / "node_modules" / ".bin" / "node")


def _installed_packages() -> Path:
    """Return the folder of the packages of npm, with the scripts beside them: modules are found from there."""
    manifest = json.dumps({"private": True, "type": "module", "dependencies": _PACKAGES})
    is_whole = _NODE_MODULES / "is-whole"
    if not is_whole.exists() or is_whole.read_text(encoding="utf-8") != manifest:
        npm = shutil.which("npm") or pytest.skip("npm is not installed")
        shutil.rmtree(_NODE_MODULES, ignore_errors=True)
        _NODE_MODULES.mkdir(parents=True)
        (_NODE_MODULES / "package.json").write_text(manifest, encoding="utf-8")
        command = [npm, "install", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=_NODE_MODULES, check=False, capture_output=True, timeout=_INSTALL_S)
        if done.returncode != 0:
            pytest.skip(f"the packages of npm cannot be installed here: {done.stderr.decode()[-300:]}")
        is_whole.write_text(manifest, encoding="utf-8")
    for script in SCRIPTS.glob("*.mjs"):
        shutil.copy(script, _NODE_MODULES)
    return _NODE_MODULES


def _agent(variable: str, command: str, script: str) -> Callable[[], list[str]]:
    """Return what runs `script`, which finds the command of a coding agent in `variable`."""

    def run() -> list[str]:
        path = _installed_packages() / "node_modules" / ".bin" / command
        return ["env", f"{variable}={path}", sys.executable, str(SCRIPTS / script)]

    return run


def environment(folder: Path) -> dict[str, str]:
    """Return what a program runs with: a home of its own, and nothing of it asks elsewhere."""
    return {
        **os.environ,
        "HOME": str(folder),
        "PATH": f"{_NODE_MODULES / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}",
        "PWD": str(folder),  # opencode believes it more than the system
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "LLM_USER_PATH": str(folder / "llm"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PYTHONWARNINGS": "ignore",
    }


CLIENTS = (
    Client("openai", lambda: [sys.executable, str(SCRIPTS / "openai_python.py")], CASES, is_cheap=True),
    Client("llm", _python("llm_client.py", "llm==0.36", "openai==3.57.0"), is_cheap=True),
    Client("litellm", _python("litellm_client.py", "litellm==1.110.2"), CASES),
    Client("langchain-openai", _python("langchain_client.py", "langchain-openai==1.7.4")),
    Client("pydantic-ai", _python("pydantic_ai_client.py", "pydantic-ai-slim[openai]==2.68.0")),
    Client(
        "instructor",
        _python("instructor_client.py", "instructor==1.17.0"),
        need_the_stub=("stream", "tool", "long"),  # it streams an object: the call of a tool
    ),
    Client("aider-chat", _python("aider_client.py", "aider-chat==0.86.2"), ("ask", "stream", "key", "long")),
    Client("openai (npm)", _node("openai_js.mjs"), CASES),
    Client("ai + @ai-sdk/openai-compatible", _node("ai_sdk.mjs")),
    Client("@ai-sdk/openai", _node("ai_sdk.mjs", speaks=RESPONSES)),
    Client("@ai-sdk/anthropic", _node("ai_sdk.mjs", speaks=MESSAGES)),
    Client("@langchain/openai, responses", _node("langchain_js.mjs", speaks=RESPONSES)),
    Client("@langchain/anthropic", _node("langchain_js.mjs", speaks=MESSAGES)),
    Client("langchain-openai, responses", _python("langchain_client.py", "langchain-openai==1.7.4", speaks=RESPONSES)),
    Client("langchain-anthropic", _python("langchain_client.py", "langchain-anthropic==1.7.10", speaks=MESSAGES)),
    Client(
        "pydantic-ai, responses",
        _python("pydantic_ai_client.py", "pydantic-ai-slim[openai,anthropic]==2.68.0", speaks=RESPONSES),
    ),
    Client(
        "pydantic-ai, messages",
        _python("pydantic_ai_client.py", "pydantic-ai-slim[openai,anthropic]==2.68.0", speaks=MESSAGES),
    ),
    Client("opencode-ai", _agent("OPENCODE", "opencode", "opencode_client.py"), _OF_AGENTS, need_the_stub=_ALL_BUT_KEY),
    Client("anthropic", _python("anthropic_python.py", "anthropic==2.14.0"), CASES),
    Client(
        "@anthropic-ai/claude-code",
        _agent("CLAUDE", "claude", "claude_code_client.py"),
        _OF_AGENTS,
        need_the_stub=_ALL_BUT_KEY,
    ),
    Client("@anthropic-ai/sdk", _node("anthropic_js.mjs"), CASES),
    Client("openai-agents", _python("agents_client.py", "openai-agents==0.24.0")),
    Client("@openai/agents", _node("agents_js.mjs")),
    Client("@langchain/openai", _node("langchain_js.mjs")),
    Client("smolagents", _python("smolagents_client.py", "smolagents[openai]==1.26.0")),
    Client("haystack-ai", _python("haystack_client.py", "haystack-ai==3.4.1")),
    Client("semantic-kernel", _python("semantic_kernel_client.py", "semantic-kernel==1.45.0")),
    Client("autogen-ext", _python("autogen_client.py", "autogen-ext[openai]==0.7.5", "autogen-agentchat==0.7.5")),
    Client("dspy", _python("dspy_client.py", "dspy==3.4.1"), ("ask", "key", "long")),
    Client("llama-index", _python("llama_index_client.py", "llama-index-llms-openai-like==0.8.1")),
    Client("agno", _python("agno_client.py", "agno==3.1.10", "openai==3.57.0")),
    Client("strands-agents", _python("strands_client.py", "strands-agents[openai]==1.62.0")),
    Client("google-adk", _python("adk_client.py", "google-adk==2.13.0", "litellm==1.110.2")),
    Client("@mastra/core", _node("mastra.mjs")),
    Client("@openai/codex", _agent("CODEX", "codex", "codex_client.py"), _OF_AGENTS, need_the_stub=_ALL_BUT_KEY),
    Client(
        "@qwen-code/qwen-code",
        _agent("QWEN", "qwen", "qwen_code_client.py"),
        _OF_AGENTS,
        need_the_stub=_ALL_BUT_KEY,
    ),
    Client(
        "cline",
        _agent("CLINE", "cline", "cline_client.py"),
        ("stream", "tool", "key", "cancel"),
        need_the_stub=("stream", "tool", "cancel"),
    ),
    Client("mirascope", _python("mirascope_client.py", "mirascope[openai]==2.8.2")),
    Client(
        "inspect-ai",
        _python("inspect_client.py", "inspect-ai==0.3.285", "openai==3.57.0"),
        ("ask", "tool", "key", "cancel", "long"),
    ),
    Client("ag2", _python("ag2_client.py", "ag2[openai]==1.2.1"), ("ask", "tool", "key", "cancel", "long")),
    Client("crewai", _python("crewai_client.py", "crewai==1.15.30"), ("ask", "stream", "tool", "key", "long")),
    Client("magentic", _python("magentic_client.py", "magentic==0.41.1")),
    Client("chatlas", _python("chatlas_client.py", "chatlas==0.23.0", "openai==3.57.0")),
    Client("chatlas, responses", _python("chatlas_client.py", "chatlas==0.23.0", "openai==3.57.0", speaks=RESPONSES)),
    Client("aisuite", _python("aisuite_client.py", "aisuite==0.2.0", "openai==3.57.0", "docstring_parser==0.18.0")),
    Client("agent-framework-openai", _python("agent_framework_client.py", "agent-framework-openai==1.17.0")),
    Client(
        "agent-framework-openai, responses",
        _python("agent_framework_client.py", "agent-framework-openai==1.17.0", speaks=RESPONSES),
    ),
    Client("guidance", _python("guidance_client.py", "guidance==0.3.1", "openai==3.57.0"), ("ask", "key", "long")),
    Client("griptape", _python("griptape_client.py", "griptape==1.13.0"), ("ask", "stream", "tool", "key", "long")),
    Client("azure-ai-inference", _python("azure_client.py", "azure-ai-inference==1.0.0b9")),
    Client(
        "gradio",
        _python("gradio_chat.py", "gradio==6.31.0", "openai==3.57.0"),
        ("ask", "stream", "key", "cancel", "long"),
    ),
    Client("@genkit-ai/compat-oai", _node("genkit.mjs")),
    Client("@tanstack/ai-openai", _node("tanstack.mjs")),
    Client("@llamaindex/openai", _node("llama_index_js.mjs")),
    Client("@openrouter/ai-sdk-provider", _node("ai_sdk.mjs", speaks="openrouter")),
    Client("@openrouter/sdk", _node("openrouter_sdk.mjs")),
    Client(
        "@earendil-works/pi-coding-agent",
        _agent("PI", "pi", "pi_client.py"),
        _OF_AGENTS,
        need_the_stub=_ALL_BUT_KEY,
    ),
    Client(
        "@github/copilot", _agent("COPILOT", "copilot", "copilot_client.py"), _OF_AGENTS, need_the_stub=_ALL_BUT_KEY
    ),
    Client("@continuedev/cli", _agent("CN", "cn", "continue_client.py"), _OF_AGENTS, need_the_stub=_ALL_BUT_KEY),
)
