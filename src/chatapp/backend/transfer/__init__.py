"""Conversations as files: importers of other programs' exports, and exporters of ours."""
