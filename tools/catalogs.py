"""Catalogs of translations, as gettext has them: a message and what it is in Chinese.

A message that is new and like one that is gone keeps that one's translation, marked fuzzy, with the
former English beside it, until somebody has looked at it.
"""

from difflib import SequenceMatcher

import polib

HEADER = {
    "Language": "zh_CN",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def merged(file, texts, known=()):
    """Return a catalog of these messages, with what the file holds of them, or of ones like them.

    known: {English: Chinese} for messages that are new.
    """
    old = {e.msgid: e for e in polib.pofile(str(file))} if file.exists() else {}
    gone, known = {text: old[text] for text in old.keys() - {*texts}}, dict(known)
    book = polib.POFile(wrapwidth=0)  # a message on one line, whole
    book.metadata = HEADER
    for text in texts:
        entry = old.get(text)
        if not entry and (former := _former(text, gone)):
            entry = gone.pop(former)
            if entry.msgstr and not entry.fuzzy:
                entry.previous_msgid = former
                entry.flags.append("fuzzy")
        entry = entry or polib.POEntry(msgstr=known.get(text, ""))
        entry.msgid = text
        if not entry.fuzzy:
            entry.previous_msgid = None
        book.append(entry)
    return book


def _former(text, gone):
    """Return the message that is most like a new one, if there is one like it."""
    ratios = {old: SequenceMatcher(None, old, text, autojunk=False).ratio() for old in sorted(gone)}
    return max((old for old in ratios if ratios[old] > 0.6), key=ratios.get, default=None)


def save(file, text):
    """Write a text into a file, if it is another than before; return whether it is."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
    return True


def write(book, file):
    """Write a catalog; return how much is fuzzy, and missing."""
    save(file, f"{book}".rstrip("\n") + "\n")
    return len(book.fuzzy_entries()), len(book.untranslated_entries())
