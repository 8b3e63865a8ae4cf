"""Telling what a labelling will do, before it does it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from .plan import PlannedStage

# Rounded up from one run of the light recipe on 11 photos of 352 px: 57 kB per photo in all stages (CAMs, labels,
# masks, instances) and 36 to 56 MB per training (its last two checkpoints). Larger networks take more.
BYTES_PER_PHOTO = 120_000
BYTES_PER_TRAINING = 80_000_000


def describe_plan(
    photos: int, classes: Mapping[str, int], recipe: str, stages: Sequence[PlannedStage]
) -> dict[str, Any]:
    """Return a plan as JSON.

    Args:
        photos: How many photos there are.
        classes: Photos of each class.
        recipe: Name of the recipe.
        stages: Its stages.

    Returns:
        ``photos``, ``classes``, ``recipe``, ``stages`` (see :class:`PlannedStage`), ``seconds`` of all stages
        whose time is known (None where that is none) and ``bytes`` of disk.
    """
    known = [stage.seconds for stage in stages if stage.seconds is not None]
    trainings = sum(stage.action == 'train' for stage in stages)
    return dict(
        photos=photos,
        classes=dict(classes),
        recipe=recipe,
        stages=[asdict(stage) for stage in stages],
        seconds=sum(known) if known else None,
        bytes=photos * BYTES_PER_PHOTO + trainings * BYTES_PER_TRAINING,
    )


def print_plan(plan: Mapping[str, Any], why: str, console: Console) -> None:
    """Print a plan in a few lines."""
    classes = ', '.join(f'{name} {count}' for name, count in plan['classes'].items())
    console.print(f'{plan["photos"]} photos of {len(plan["classes"])} classes: {classes}', markup=False)
    console.print(f'Recipe: {why}', markup=False)
    for stage in plan['stages']:
        length = f'{stage["iterations"]} iterations' if stage['iterations'] else f'{stage["photos"]} photos'
        length += f', batch size {stage["batch_size"]}' if stage['batch_size'] else ''
        time = '' if stage['seconds'] is None else f', about {_format_long(stage["seconds"])}'
        console.print(f'  {stage["name"]:<28}{stage["action"]:<9}{length}{time}', markup=False)
    console.print(f'Time: {_describe_time(plan)}. Disk: about {plan["bytes"] / 1e9:.1f} GB.', markup=False)


def _describe_time(plan: Mapping[str, Any]) -> str:
    if plan['seconds'] is None:
        return 'not known for this device'
    unknown = [stage['name'] for stage in plan['stages'] if stage['seconds'] is None]
    without = f', without {", ".join(unknown)}' if unknown else ''
    return f'about {_format_long(plan["seconds"])} on two CPU cores{without}'


def _format_long(seconds: float) -> str:
    """Return an estimated time in words, no more exact than it is."""
    minutes = max(1, round(seconds / 60))
    return f'{minutes} minute{"" if minutes == 1 else "s"}' if minutes < 120 else f'{seconds / 3600:.1f} hours'
