"""The tables of docs/model_zoo.md, made of the metafiles."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from .metafiles import PAPER, ZooModel, ZooResult

COLUMNS = ('model', 'data', 'extra data', 'CRF', 'TTA', 'mode', "paper's number", 'measured number', 'commit, command')
NOTHING = '-'
# the part of the page between these lines is made; the rest is written by hand
BLOCK = re.compile(r'(<!-- begin (?P<name>[a-z-]+): .*? -->\n).*?(<!-- end (?P=name) -->)', re.DOTALL)


def fill_page(text: str, blocks: Mapping[str, str]) -> str:
    """Put made parts into a page.

    Args:
        text: The page, with a line ``<!-- begin NAME: ... -->`` and a line ``<!-- end NAME -->`` around each part.
        blocks: The parts by name, in Markdown.

    Raises:
        ValueError: If the page has not exactly these parts; one line.
    """
    found = [match['name'] for match in BLOCK.finditer(text)]
    if sorted(found) != sorted(blocks):
        raise ValueError(f'the page has the parts {found}, but those that are made are {sorted(blocks)}')
    return BLOCK.sub(lambda match: f'{match[1]}\n{blocks[match["name"]]}\n\n{match[3]}', text)


def make_model_tables(models: Sequence[ZooModel], root: str = '..') -> str:
    """Return a table for each method, a row for each result; a model without any has one row.

    Args:
        models: Of the model index, those of one method one after the other.
        root: Path from the page to the root of the project.
    """
    lines: list[str] = []
    for (collection, readme), group in groupby(models, lambda model: (model.collection, model.readme)):
        columns = (*COLUMNS, 'checkpoint')
        lines += [f'### {collection}', '', f'Settings and all numbers: [{readme}]({root}/{readme}).', '']
        lines += [_join(columns), _join('---' for _ in columns)]
        for model in group:
            lines += [_make_row(model, result, root) for result in model.results or (None,)]
        lines.append('')
    return '\n'.join(lines).rstrip()


def _make_row(model: ZooModel, result: ZooResult | None, root: str) -> str:
    facts = result.facts if result else model.facts
    dataset = f'{result.dataset}: {_lower_first(result.task)}' if result else model.facts['Training Data']
    numbers = _describe_numbers(result) if result else NOTHING
    of_paper = result is not None and result.of_paper
    cells = (
        f'[{model.name}]({root}/{model.config})',
        dataset,
        *(facts[name] for name in ('Extra Data', 'CRF', 'TTA', 'Mode')),
        numbers if of_paper else NOTHING,
        numbers if result and not of_paper else NOTHING if of_paper else 'not measured',
        _describe_origin(result) if result and not of_paper else NOTHING,
        f'[{model.weights.rsplit("/", 1)[-1]}]({model.weights})' if model.weights else NOTHING,
    )
    return _join(cells)


def _describe_numbers(result: ZooResult) -> str:
    numbers = ', '.join(f'{name.removeprefix(PAPER)} {value:.1f}' for name, value in result.metrics.items())
    remarks = [result.facts[name] for name in ('Note', 'Source') if name in result.facts]
    return f'{numbers} ({"; ".join(remarks)})' if remarks else numbers


def _describe_origin(result: ZooResult) -> str:
    commands = result.facts['Command'].split('; ')
    return f'{result.facts["Commit"]}: {", then ".join(f"`{command}`" for command in commands)}'


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


def _join(cells) -> str:
    return f'| {" | ".join(cells)} |'
