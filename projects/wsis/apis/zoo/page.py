"""The tables of docs/model_zoo.md, made of the metafiles."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from .metafiles import PAPER, ZooModel, ZooResult

COLUMNS = ('model', 'data', 'extra data', 'CRF', 'TTA', 'mode')
COLUMNS += ("paper's number", 'measured number', 'commit, command', 'checkpoint')
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

    The commands stand below the table, numbered.

    Args:
        models: Of the model index, those of one method one after the other.
        root: Path from the page to the root of the project.
    """
    lines: list[str] = []
    for (collection, readme), group in groupby(models, lambda model: (model.collection, model.readme)):
        rows = [(model, result) for model in group for result in model.results or (None,)]
        commands = list(dict.fromkeys(result.facts['Command'] for _, result in rows if result and not result.of_paper))
        lines += [f'### {collection}', '', f'Settings and all numbers: [{readme}]({root}/{readme}).', '']
        lines += [_join(COLUMNS), _join('---' for _ in COLUMNS)]
        lines += [_make_row(model, result, commands, root) for model, result in rows]
        lines += ['', *(f'{number}. {_quote(command)}' for number, command in enumerate(commands, 1)), '']
    return '\n'.join(lines).rstrip()


def _make_row(model: ZooModel, result: ZooResult | None, commands: Sequence[str], root: str) -> str:
    facts = result.facts if result else model.facts
    cells = [f'[{model.name}]({root}/{model.config})']
    cells.append(f'{result.dataset}: {_lower_first(result.task)}' if result else model.facts['Training Data'])
    cells += (facts[name] for name in ('Extra Data', 'CRF', 'TTA', 'Mode'))
    if result is None:
        cells += (NOTHING, 'not measured', NOTHING)
    elif result.of_paper:
        cells += (_describe_numbers(result), NOTHING, NOTHING)
    else:
        number = commands.index(facts['Command']) + 1
        cells += (NOTHING, _describe_numbers(result), f'{facts["Commit"]}, ({number})')
    cells.append(f'[{model.weights.rsplit("/", 1)[-1]}]({model.weights})' if model.weights else NOTHING)
    return _join(cells)


def _describe_numbers(result: ZooResult) -> str:
    numbers = ', '.join(f'{name.removeprefix(PAPER)} {float(value)}' for name, value in result.metrics.items())
    remarks = [result.facts[name] for name in ('Note', 'Source') if name in result.facts]
    return f'{numbers} ({"; ".join(remarks)})' if remarks else numbers


def _quote(commands: str) -> str:
    return ', then '.join(f'`{command}`' for command in commands.split('; '))


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


def _join(cells: Iterable[str]) -> str:
    return f'| {" | ".join(cells)} |'
