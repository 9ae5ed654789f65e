"""Text that may hold anything."""

import re


def plain(text: str) -> str:
    """`text` shown letter by letter where Streamlit expects Markdown: names may hold anything, a picture's address too."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$<>:])", r"\\\1", text)
