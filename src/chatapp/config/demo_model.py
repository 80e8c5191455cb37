"""What is said of the small model that comes with chatapp: that it is one, and how to connect a better one."""

WHAT = "It is a small model for trying things out. Add a better one below: it answers within seconds."
"""Where one can be added at once."""

ADVICE = "It is a small model for trying things out. Connect a better one with OPENAI_API_KEY or BASE_URL."

SETTINGS = """\
Set one of these, then start again:

- a model server of your own, such as Ollama: `BASE_URL=http://localhost:11434/v1`
- OpenAI: `OPENAI_API_KEY=your-key`
- another provider: both of them
"""
"""How to connect a better one, in Markdown."""
