"""The words of the package: one catalog, whole and up to date, and the language of the moment."""

import words as tool

from convbook.words import _


def test_without_a_language_the_words_are_those_of_the_code(monkeypatch):
    for language in (None, "", "en", "xx_YY", "."):
        if language is None:
            monkeypatch.delenv("CONVBOOK_LANGUAGE", raising=False)
        else:
            monkeypatch.setenv("CONVBOOK_LANGUAGE", language)
        assert all(_(text) == text for text in ["", *tool.messages()])
