"""Files that people show to a model: what they are, and their text as Markdown.

A file is read in a process of its own, with limits on time, memory and output: a hostile one costs that process and
one sentence.
"""

from chatapp.documents.document import Document, Kind
from chatapp.documents.plain import fenced
from chatapp.documents.reading import read

__all__ = ["Document", "Kind", "fenced", "read"]
