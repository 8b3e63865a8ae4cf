"""Telling people what the doctor found: at most a screen of text, or JSON."""

from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from .dataset_check import DatasetCheck
from .findings import KINDS, Finding

EXAMPLES_SHOWN = 3
LONGEST_EXAMPLE = 80
STYLES = dict(error='bold red', warning='yellow', note='cyan')


def print_check(check: DatasetCheck, console: Console | None = None) -> None:
    """Print the findings, errors first, and the line that counts them."""
    console = console or Console(highlight=False)
    lines = []
    for finding in check.findings:
        lines.append(_describe(finding))
        if finding.level != 'note':
            lines.append(Text(f'         {finding.advice}', style='dim'))
    if check.photos:
        lines.append(Text(f'{len(check.classes)} classes: {_list_classes(check.classes)}'))
    errors, warnings = (_plural(check.count(level), level) for level in ('error', 'warning'))
    lines.append(Text(f'{errors}, {warnings} in {_plural(check.photos, "photo")}'))
    for line in lines:
        console.print(line, soft_wrap=True)


def check_to_json(check: DatasetCheck) -> dict:
    """Return the check as plain data: ``photos``, ``classes`` (name: photos) and ``findings`` (one dict each)."""
    return asdict(check)


def _describe(finding: Finding) -> Text:
    line = Text(f'{finding.level:<8} ', style=STYLES[finding.level])
    shown = finding.examples[:EXAMPLES_SHOWN]
    more = ['...'] if finding.count > len(shown) else []
    if finding.kind == 'unreadable_list':  # its examples are sentences
        rows = [f'{KINDS[finding.kind].title}: {finding.count}', *shown, *more]
        return line.append('\n         '.join(rows), style='default')
    shown = [_shorten(example) for example in shown]
    return line.append(f'{KINDS[finding.kind].title}: {finding.count} ({", ".join(shown + more)})', style='default')


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_EXAMPLE else f'{text[:30]}...{text[-47:]}'


def _list_classes(classes: dict[str, int]) -> str:
    shown = [f'{name} {count}' for name, count in list(classes.items())[:20]]
    return ', '.join(shown) + (', ...' if len(classes) > 20 else '')


def _plural(count: int, noun: str) -> str:
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'
