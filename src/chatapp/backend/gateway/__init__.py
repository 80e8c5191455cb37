"""OpenAI's and Anthropic's APIs in front of every model: requests become questions, events what its clients read."""
