"""Reading a report as a browser does."""

import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.scripts, self.text, self.addresses = [], {}, [], []
        self.open = None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes.items() if name in ('src', 'href', 'action')]
        assert not [name for name in attributes if name.startswith('on')], 'no element runs code of its own'
        self.open = attributes.get('id', 'page') if tag == 'script' else ''

    def handle_endtag(self, tag):
        self.open = ''

    def handle_data(self, data):
        if self.open:
            self.scripts[self.open] = self.scripts.get(self.open, '') + data
        else:
            self.text.append(data)


def read_page(path: Path) -> SimpleNamespace:
    """Return the ``tags``, ``addresses``, plain ``text`` and ``facts`` of a page, and its ``layers`` by photo."""
    reader = _Reader()
    reader.feed(path.read_text(encoding='utf-8'))
    data = {name: json.loads(text) for name, text in reader.scripts.items() if name != 'page'}
    chunks = {kind: [] for kind in ('layers', 'thumbnails')}
    for kind, found in chunks.items():
        while (chunk := data.pop(f'{kind}-{len(found)}', None)) is not None:
            found.append(chunk)
    facts = data.pop('facts', None)
    assert not data, 'no script that the report does not know'
    photos = facts['photos'] if facts else []
    layered = [photo['name'] for photo in photos if photo['layered']]
    pictures = [pictures for chunk in chunks['layers'] for pictures in chunk]
    thumbnails = [picture for chunk in chunks['thumbnails'] for picture in chunk]
    assert len(layered) == len(pictures) and len(photos) == len(layered) + len(thumbnails)
    text = ' '.join(' '.join(reader.text).split())
    addresses, layers = reader.addresses, dict(zip(layered, pictures))
    return SimpleNamespace(tags=reader.tags, addresses=addresses, text=text, facts=facts, layers=layers)
