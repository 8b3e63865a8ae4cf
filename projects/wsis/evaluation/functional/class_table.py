"""The per-class table that every metric writes to the log."""

import math
from collections.abc import Sequence

from terminaltables import AsciiTable


def format_class_table(
    columns: Sequence[str],
    class_names: Sequence[str],
    values: Sequence[Sequence[float]],
    mean: Sequence[float] | None = None,
) -> str:
    """Format numbers per class as a text table.

    Args:
        columns (Sequence[str]): Names of the columns, K of them.
        class_names (Sequence[str]): Names of the rows, C of them.
        values (Sequence[Sequence[float]]): Numbers (C, K); NaN is shown as ``-``, and a Python
            integer without decimals.
        mean (Sequence[float], optional): K numbers of a last row named ``mean``.

    Returns:
        str: The table, without a newline at its ends.
    """
    rows = [[name, *map(_format_number, row)] for name, row in zip(class_names, values)]
    if mean is not None:
        rows.append(['mean', *map(_format_number, mean)])
    table = AsciiTable([['class', *columns], *rows])
    for index in range(1, len(columns) + 1):
        table.justify_columns[index] = 'right'
    # the row of means is no class: a line sets it off
    table.inner_footing_row_border = mean is not None
    return table.table


def _format_number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return '-' if math.isnan(value) else f'{value:.2f}'
