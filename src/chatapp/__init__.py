"""Your own AI chat: a backend, a page and a command line in one package."""

__version__ = "1.0.0"
