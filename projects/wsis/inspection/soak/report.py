"""The figures of a soak as Markdown."""

from collections.abc import Sequence

from .stages import Soak
from .start_up import Cost


def format_soak(soaks: Sequence[Soak], costs: Sequence[Cost], entries: int) -> str:
    """Return two tables: the stages, and what lists of many photos cost.

    Args:
        soaks: Of the stages, maybe none.
        costs: Of :func:`~projects.wsis.inspection.soak.start_up.measure_start_up`, maybe none.
        entries: How many photos these were measured with.
    """
    parts = []
    if soaks:
        head = (
            '| stage | photos | start-up s | photos/s | per CPU second, first fifth | last fifth | memory MB | '
            'MB per 1,000 photos | closing s | files | most in a folder |'
        )
        parts.append('\n'.join([head, '| --- ' + '| ---: ' * 10 + '|', *map(_format_stage, soaks)]))
    if costs:
        head = f'| with {entries:,} photos | seconds | CPU seconds | MB more |'
        rows = [
            f'| {cost.what} | {cost.seconds:.3f} | {cost.cpu_seconds:.3f} | {cost.megabytes:.0f} |' for cost in costs
        ]
        parts.append('\n'.join([head, '| --- | ---: | ---: | ---: |', *rows]))
    return '\n\n'.join(parts) + '\n'


def _format_stage(soak: Soak) -> str:
    curve = soak.curve
    numbers = [
        f'{soak.photos:,}',
        f'{curve.seconds[0]:.1f}',
        f'{curve.pace():.1f}',
        f'{curve.cpu_pace(0, 0.2):.1f}',
        f'{curve.cpu_pace(0.8, 1):.1f}',
        f'{curve.megabytes[-1]:.0f}',
        f'{curve.growth():+.2f}',
        f'{soak.closing_seconds:.1f}',
        f'{soak.files:,}',
        f'{soak.most_files:,}',
    ]
    return f'| {soak.stage} | ' + ' | '.join(numbers) + ' |'
