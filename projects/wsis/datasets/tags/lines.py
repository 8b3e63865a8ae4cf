"""Tags in lines of text."""

from .tags import FoundTags, TagRow


def read_lines(text: str) -> FoundTags:
    """Read lines ``photo name name ...``: tabs part the names where the line has a tab (so that names may hold blanks),
    else blanks."""
    found = FoundTags()
    for line in filter(None, map(str.strip, text.splitlines())):
        photo, *names = line.split('\t' if '\t' in line else None)
        found.rows.append(TagRow(photo, [name.strip() for name in names if name.strip()]))
    return found
