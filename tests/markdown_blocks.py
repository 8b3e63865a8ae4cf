"""Code blocks of Markdown pages, as tests of the documentation read them."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r'(?:^<!-- file: (?P<file>\S+) -->\n)?^ *(?P<fence>`{3,})(?P<language>\w*)\n(?P<text>.*?)^ *(?P=fence)$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class CodeBlock:
    """A fenced code block.

    Attributes:
        page: The Markdown file.
        line: Number of its first line in the page.
        language: What stands behind the fence; may be empty.
        text: What is in it.
        file: The file that the page tells to save it as, named in a comment before it; None if it is no file.
    """

    page: Path
    line: int
    language: str
    text: str
    file: str | None


def read_blocks(page: Path) -> list[CodeBlock]:
    """Return the code blocks of a page in their order; a block inside another one is part of that."""
    content = page.read_text(encoding='utf-8')
    return [
        CodeBlock(
            page, content.count('\n', 0, match.start('text')) + 1, match['language'], match['text'], match['file']
        )
        for match in FENCE.finditer(content)
    ]


def join_lines(text: str) -> list[str]:
    """Return the lines of a shell block without comments; a line that ends in a backslash goes on in the next."""
    lines, open_line = [], ''
    for line in text.splitlines():
        line = open_line + re.sub(r'(?:^|\s)#.*', '', line).strip()
        open_line = line[:-1] if line.endswith('\\') else ''
        if line and not open_line:
            lines.append(line)
    return lines
