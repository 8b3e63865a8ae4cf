"""Pages of the documentation that are made of files elsewhere in the repository, and links that lead there.

The README of each method becomes ``docs/methods/NAME.md``, and some files of the root a page as well. All Markdown of
the repository links to files as they lie in it, so that the links work where it is read as it is. In the built pages a
link to a file that has a page leads to the page, one to another file to a copy of the file, and one to a folder is
text.
"""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
METHOD_FOLDER = FOLDER / 'methods'
PATTERN = re.compile(r'^(?P<pattern>[a-z_/]+\*)\n', re.M)
# code, which stays as it is, or a link that leads neither to the web nor to a heading of the same page
CODE_OR_LINK = re.compile(
    r'(?P<code>^ *(?P<fence>```+).*?^ *(?P=fence)|(?P<ticks>`+)[^`\n].*?(?P=ticks))'
    r'|\[(?P<text>[^\]]*)\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)',
    re.M | re.S,
)


def find_pages() -> dict[Path, Path]:
    """Return the page of each file outside of docs/ that has one."""
    pages = {path: METHOD_FOLDER / f'{path.parent.name}.md' for path in sorted(ROOT.glob('configs/*/README.md'))}
    pages[ROOT / 'CONTRIBUTING.md'] = FOLDER / 'contributing.md'
    pages[ROOT / 'CODE_OF_CONDUCT.md'] = FOLDER / 'code_of_conduct.md'
    pages[ROOT / 'SECURITY.md'] = FOLDER / 'security.md'
    return pages


def write_pages() -> None:
    """Write the pages of files outside of docs/; those that have not changed keep their time, so nothing is rebuilt."""
    pages = find_pages()
    for old in METHOD_FOLDER.glob('*.md'):
        if old not in pages.values():
            old.unlink()
    METHOD_FOLDER.mkdir(exist_ok=True)
    for source, page in pages.items():
        text = rewrite_links(source.read_text(encoding='utf-8'), source, page)
        if not page.is_file() or page.read_text(encoding='utf-8') != text:
            page.write_text(text, encoding='utf-8')


def drop_empty_patterns(text: str) -> str:
    """Return a page without the patterns (``folder/*``) of its toctrees that no page fits, as Sphinx warns of those."""

    def replace(match: re.Match) -> str:
        found = any(path.suffix in ('.md', '.rst') for path in FOLDER.glob(match['pattern']))
        return match[0] if found else ''

    return PATTERN.sub(replace, text)


def rewrite_links(text: str, source: Path, page: Path) -> str:
    """Return Markdown whose relative links hold for a page.

    Args:
        text: The Markdown.
        source: The file that its links are relative to.
        page: The page that it becomes, somewhere in docs/.
    """
    pages = find_pages()

    def replace(match: re.Match) -> str:
        if match['code']:
            return match[0]
        target = Path(os.path.normpath(source.parent / match['path']))
        readme = target / 'README.md'
        target = pages.get(target) or pages.get(readme) or target
        if target.is_dir():
            return match['text']
        return f'[{match["text"]}]({os.path.relpath(target, page.parent)}{match["anchor"] or ""})'

    return CODE_OR_LINK.sub(replace, text)
