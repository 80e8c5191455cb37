"""Messages as HTML: Markdown, code in colours and formulas, with nothing in it that loads or runs."""
