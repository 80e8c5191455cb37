"""OpenAI's API in front of every model: requests become questions, and events become what its clients read."""
