"""The Markdown of the project: links lead somewhere, and the files that it names are there."""

import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'docs'))

from repository_pages import drop_empty_patterns, find_pages, rewrite_links  # noqa: E402  beside docs/conf.py

# what is made, not written; hidden folders are left out too, but for .github
MADE = (
    'build',
    'data',
    'dist',
    'work_dirs',
    'docs/_build',
    'docs/methods',
    'docs/contributing.md',
    'docs/code_of_conduct.md',
    'docs/security.md',
)
FENCE = re.compile(r'^ *(?P<fence>```+).*?\n(?P<code>.*?)^ *(?P=fence)', re.M | re.S)
INLINE_CODE = re.compile(r'(`+)[^`].*?\1')
LINK = re.compile(r'(?<!\\)\]\((?P<markdown>[^)\s]+)\)|\b(?:href|src)="(?P<html>[^"]+)"')
FOLDERS = 'configs|demo|docs|projects|requirements|tests|tools'
NAMED_FILE = re.compile(rf'(?<![\w./*{{-])(?:{FOLDERS})/[\w./-]+\.(?:md|py|sh|txt|yml)\b')
TOLD_TO_SAVE = re.compile(r'<!-- file: (\S+) -->')  # a tutorial's own files


def list_pages() -> list[Path]:
    """Return all Markdown files of the project."""
    found = []
    for path in sorted(ROOT.rglob('*.md')):
        place = path.relative_to(ROOT)
        hidden = any(part[0] == '.' and part != '.github' for part in place.parts)
        if not hidden and not any(place.is_relative_to(made) for made in MADE):
            found.append(path)
    return found


PAGES = list_pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def slug(title: str) -> str:
    """Return the anchor of a heading, as GitHub and MyST make it."""
    text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', title)
    return re.sub(r'[^\w\- ]', '', text.strip().lower()).replace(' ', '-')


@cache
def find_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings; a heading that comes again has a number."""
    text = FENCE.sub('', page.read_text(encoding='utf-8'))
    anchors: dict[str, int] = {}
    found = set()
    for title in re.findall(r'^#{1,6} +(.+?) *#*$', text, re.M):
        name = slug(title)
        count = anchors[name] = anchors.get(name, -1) + 1
        found.add(f'{name}-{count}' if count else name)
    return found


def find_links(page: Path) -> list[str]:
    """Return the targets of all links of a page that do not lead to the web."""
    text = INLINE_CODE.sub('', FENCE.sub('', page.read_text(encoding='utf-8')))
    targets = [match['markdown'] or match['html'] for match in LINK.finditer(text)]
    return [target for target in targets if not re.match(r'\w+:', target)]


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_links_lead_to_files_and_headings(page):
    broken = []
    for target in find_links(page):
        path, _, anchor = target.partition('#')
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == '.md' and anchor not in find_anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_files_that_are_named_exist(page):
    text = page.read_text(encoding='utf-8')
    named = set(NAMED_FILE.findall(text)) - set(TOLD_TO_SAVE.findall(text))
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_links_are_found():
    assert len([link for page in PAGES for link in find_links(page)]) > 50


def test_each_method_has_a_page_whose_links_hold():
    pages = find_pages()
    methods = {path.parent for path in ROOT.glob('configs/*/README.md')}
    assert {path.parent for path in pages if path.name == 'README.md'} == methods
    irnet = ROOT / 'configs' / 'irnet' / 'README.md'
    text = '[a](../cam/README.md#train) [b](../cam) [c](../_base_/sizes/light.py) [`e`](../_base_/sizes) {}'
    kept = '[d](https://e.org/f.md) [g](#h) `[i](j.md)`\n```\n[k](l.md)\n```\n'
    assert rewrite_links(text.format(kept), irnet, pages[irnet]) == (
        f'[a](cam.md#train) [b](cam.md) [c](../../configs/_base_/sizes/light.py) `e` {kept}'
    )


def test_patterns_that_no_page_fits_are_dropped():
    text = '```{toctree}\n:glob:\n\nmethods_of_nobody/*\nbench*\nget_started\n```\n'
    assert drop_empty_patterns(text) == '```{toctree}\n:glob:\n\nbench*\nget_started\n```\n'
