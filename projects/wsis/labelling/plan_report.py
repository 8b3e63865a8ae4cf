"""Telling what a labelling will do, before it does it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from ..recipes.report import format_time
from .plan import PlannedStage

# Rounded up from one run of the light recipe on 11 photos of 352 px: 57 kB a photo in all stages (CAMs, labels, masks,
# instances) and 36 to 56 MB a training (its last two checkpoints). Larger networks take more.
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
        ``photos``, ``classes``, ``recipe``, ``stages`` (name, action, photos, iterations, seconds), ``seconds`` in all
        (None where unknown) and ``bytes`` of disk.
    """
    known = [stage.seconds for stage in stages]
    trainings = sum(stage.action == 'train' for stage in stages)
    return dict(
        photos=photos,
        classes=dict(classes),
        recipe=recipe,
        stages=[
            dict(
                name=stage.name,
                action=stage.action,
                photos=stage.photos,
                iterations=stage.iterations,
                seconds=stage.seconds,
            )
            for stage in stages
        ],
        seconds=None if None in known else sum(known),
        bytes=photos * BYTES_PER_PHOTO + trainings * BYTES_PER_TRAINING,
    )


def print_plan(plan: Mapping[str, Any], why: str, console: Console) -> None:
    """Print a plan in a few lines."""
    classes = ', '.join(f'{name} {count}' for name, count in plan['classes'].items())
    console.print(f'{plan["photos"]} photos of {len(plan["classes"])} classes: {classes}', markup=False)
    console.print(f'Recipe: {why}', markup=False)
    for stage in plan['stages']:
        length = f'{stage["iterations"]} iterations' if stage['iterations'] else f'{stage["photos"]} photos'
        time = '' if stage['seconds'] is None else f', about {format_time(stage["seconds"])} minutes'
        console.print(f'  {stage["name"]:<28}{stage["action"]:<9}{length}{time}', markup=False)
    total = 'not known for this device' if plan['seconds'] is None else f'about {format_time(plan["seconds"])} minutes'
    console.print(f'Time: {total}. Disk: about {plan["bytes"] / 1e9:.1f} GB.', markup=False)
