"""What is said of files elsewhere: of those that are shown to models, that are written, and that are imported."""

_SHOWN = (
    "A program of Apple has written it: export it as PDF, docx, xlsx or pptx.",
    "An older Office has written it: save it anew, as docx, pptx or PDF.",
    "It is a database or a table for programs: save it as csv or xlsx.",
    "It is an archive: unpack it, and attach what is in it.",
    "It takes more memory than a file may.",
    "It wants a password: save it without one.",
    "Models hear mp3 and wav: save the sound as one of these.",
    "Nobody here can read this kind of file.",
    "Outlook has written it: save it as eml or text.",
    "There are no words in it.",
)
_WRITTEN = (
    "it is a folder.",
    "its folder is a file.",
    "its name is too long.",
    "the disk can only be read.",
    "the disk is full.",
    "this user may not.",
)
_IMPORTED = (
    "a file of the project, which is not in the export or has no text",
    "a file, picture or recording",
    "a message that was not shown",
    "a message whose place in the conversation cannot be found",
    "a message without text",
    "a part of a message of a kind that is not known",
    "a thought that its program has encrypted",
    "it ends in the middle",
    "it has no messages",
    "it is empty",
    "it is nested too deeply",
    "it is no JSON",
    "it is no table",
    "it is the example that every account has",
    "it is too large",
    "it is too large for a file of its kind",
    "it was thrown away here, or there are too many projects",
    "it was thrown away here; restore it to have it again",
    "the description of a project",
    "the file",
    "the project, folder or tag it was in",
    "the rest of the file",
    "the work of a tool",
)
OF_FILES = (*_SHOWN, *_WRITTEN, *_IMPORTED)
