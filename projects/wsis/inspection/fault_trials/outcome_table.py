"""The table of trials: how many passed of how many tried, by fault."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ...structures import report_unwritable, write_atomically, write_json
from .trial import Outcome


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Return the table as Markdown, and below it what went wrong."""
    names = sorted(dict.fromkeys(outcome.fault for outcome in outcomes))
    lines = ['| fault | passed of tried |', '|---|---|']
    for name in names:
        tried = [outcome for outcome in outcomes if outcome.fault == name and not outcome.skipped]
        lines.append(f'| {name} | {sum(outcome.passed for outcome in tried)} of {len(tried)} |')
    tried = [outcome for outcome in outcomes if not outcome.skipped]
    lines.append(f'| all | {sum(outcome.passed for outcome in tried)} of {len(tried)} |')
    for outcome in outcomes:
        place = f'trial {outcome.number} ({outcome.fault}, {outcome.moment}, {outcome.hit or "nothing hit"})'
        lines += ['', f'{place}: not tried, {outcome.skipped}'] if outcome.skipped else []
        lines += ['', f'{place}: {"; ".join(outcome.problems)}'] if outcome.problems else []
    return '\n'.join(lines) + '\n'


def write_table(path: Path, outcomes: Sequence[Outcome], **facts: object) -> None:
    """Write the table as Markdown, or all facts of each trial where the path ends in ``.json``.

    Raises:
        ValueError: If the file cannot be written; one line.
    """
    with report_unwritable(path):
        if path.suffix == '.json':
            write_json(path, dict(facts, trials=[dict(asdict(one), passed=one.passed) for one in outcomes]))
        else:
            write_atomically(path, lambda file: file.write(format_table(outcomes).encode()))
