"""OpenAI's and Anthropic's APIs in front of every model: requests become questions, and events become what its clients read."""
