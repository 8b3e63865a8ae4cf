"""Tables of where the time of a recipe's stages went, and of two runs side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..engine.hooks.stage_times_hook import PARTS
from ..structures import printable, read_given_json

MEGABYTE = 2**20
ALL = 'all stages'
LARGEST = 1e15  # of all numbers in a file
# what a file of times has, and of which types it is; float stands for any number
RUN_ENTRIES = dict(config=str, processes=float, cores=float, machine=str)
STAGE_ENTRIES = dict(name=str, seconds=float)
MEASURED_ENTRIES = dict(parts=dict, start_up=float, rest=float, steps=float, photos=float)
# what may be unknown
OPTIONAL_ENTRIES = dict(commit=str, steps=float, cpu_seconds=float, peak_memory=float, gpu_memory=float, cpu_use=float)
GPU_MEMORY = 'GPU MB'  # a column only where there is one
HEADS = (
    'stage',
    'wall s',
    'start-up s',
    'steps',
    'photos/s',
    'step ms',
    *(f'{part} ms' for part in PARTS),
    'rest s',
    'peak MB',
    GPU_MEMORY,
    'CPU use',
)


def make_times_table(times: Mapping[str, Any]) -> str:
    """Return the Markdown table of a measured recipe; the parts of a step sum up to it."""
    on_gpu = any(stage.get('gpu_memory') for stage in times['stages'])
    heads = [head for head in HEADS if on_gpu or head != GPU_MEMORY]
    rows = [_make_row(stage, heads) for stage in times['stages']]
    total = sum(stage['seconds'] for stage in times['stages'])
    rows.append([ALL, f'{total:.1f}', *[''] * (len(heads) - 2)])
    return f'{describe_run(times)}\n\n{_join(heads, rows)}'


def describe_run(times: Mapping[str, Any]) -> str:
    """Return what was measured, of which commit and where, in one line."""
    length = f'trainings of {times["steps"]} steps' if times.get('steps') else 'whole trainings'
    commit = f'commit {times["commit"]}' if times.get('commit') else 'no checkout'
    processes = f', {times["processes"]} processes' if times['processes'] > 1 else ''
    return f'{Path(times["config"]).stem}, {length}, {commit}, {times["machine"]}, {times["cores"]} cores{processes}'


def read_times(path: str | Path) -> dict[str, Any]:
    """Read what was measured.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no file of times; one line.
    """
    times = read_given_json(path)
    if isinstance(times, dict) and isinstance(times.get('stages'), list) and times['stages']:
        wrong = _find_wrong_entry(times, RUN_ENTRIES) or next(
            filter(None, map(_find_wrong_part, times['stages'])), None
        )
    else:
        wrong = 'is no object with a list of `stages`'
    if wrong:
        raise ValueError(f'{path} {wrong}: name a times.json of benchmark_recipe.py')
    return times


def _find_wrong_part(stage: Any) -> str | None:
    """Say what is wrong with a stage of a file."""
    if not isinstance(stage, dict):
        return 'has a stage that is no object'
    measured = stage.get('parts') is not None
    wrong = _find_wrong_entry(stage, STAGE_ENTRIES | (MEASURED_ENTRIES if measured else {}))
    if wrong is None and measured:
        wrong = _find_wrong_entry(stage['parts'], dict.fromkeys(PARTS, float))
    return wrong


def _find_wrong_entry(content: Mapping[str, Any], needed: Mapping[str, type]) -> str | None:
    optional = {
        key: kind for key, kind in OPTIONAL_ENTRIES.items() if key not in needed and content.get(key) is not None
    }
    for key, kind in {**needed, **optional}.items():
        value = content.get(key)
        if kind is float:
            right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
        else:
            right = isinstance(value, kind)
        if not right:
            return f'has the {key} {printable(str(value))[:50]}'
    return None


def make_comparison(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    """Return the Markdown table of two measured runs of the same recipe.

    Each cell has the first number, the second, and the second as a multiple of the first.

    Raises:
        ValueError: If the runs have no stage in common.
    """
    others = {stage['name']: stage for stage in second['stages']}
    pairs = [(stage, others[stage['name']]) for stage in first['stages'] if stage['name'] in others]
    if not pairs:
        raise ValueError('the two runs have no stage in common: compare runs of one recipe')
    rows = [[one['name'], *_compare(_find_numbers(one), _find_numbers(other))] for one, other in pairs]
    totals = [sum(stage['seconds'] for stage in stages) for stages in zip(*pairs)]
    rows.append([ALL, _compare_numbers(*totals), *[''] * (len(NUMBERS) - 1)])
    return f'A: {describe_run(first)}\n\nB: {describe_run(second)}\n\n{_join(("stage", *NUMBERS), rows)}'


#: What two runs are compared by.
NUMBERS = ('wall s', 'start-up s', 'photos/s', 'step ms', *(f'{part} ms' for part in PARTS), 'peak MB', 'CPU s')


def _find_numbers(stage: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the numbers of a stage by their names in tables; None for those that a stage has not."""
    numbers: dict[str, float | None] = {'wall s': stage['seconds'], 'CPU s': stage.get('cpu_seconds')}
    for name, key in (('peak MB', 'peak_memory'), (GPU_MEMORY, 'gpu_memory')):
        memory = stage.get(key)
        numbers[name] = None if memory is None else memory / MEGABYTE
    steps, parts = stage.get('steps'), stage.get('parts')
    if parts is not None:
        numbers |= {'start-up s': stage['start_up'], 'rest s': stage['rest']}
    if parts is not None and steps:
        seconds = sum(parts.values())
        numbers |= {'photos/s': stage['photos'] / seconds if seconds else None, 'step ms': 1000 * seconds / steps}
        numbers |= {f'{part} ms': 1000 * parts[part] / steps for part in PARTS}
    return numbers


def _make_row(stage: Mapping[str, Any], heads: Sequence[str]) -> list[str]:
    numbers = _find_numbers(stage)
    use, steps = stage.get('cpu_use'), stage.get('steps')
    texts = {name: _format(name, numbers.get(name)) for name in HEADS}
    texts |= {'stage': stage['name'], 'steps': '' if steps is None else str(steps)}
    texts['CPU use'] = '' if use is None else f'{use:.0%}'
    return [texts[name] for name in heads]


def _compare(first: Mapping[str, float | None], second: Mapping[str, float | None]) -> list[str]:
    return [_compare_numbers(first.get(name), second.get(name), name) for name in NUMBERS]


def _compare_numbers(first: float | None, second: float | None, name: str = 'wall s') -> str:
    """Return two numbers and their ratio; nothing where one is missing, and no ratio to what is almost nothing."""
    if first is None or second is None:
        return ''
    texts = _format(name, first), _format(name, second)
    ratio = '' if float(texts[0]) == 0 else f' ({second / first:.2f}x)'
    return f'{texts[0]} / {texts[1]}{ratio}'


def _format(name: str, number: float | None) -> str:
    if number is None:
        return ''
    return f'{number:.0f}' if name.endswith((' ms', ' MB')) else f'{number:.1f}'


def _join(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ['---', *['---:'] * (len(heads) - 1)], *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)
