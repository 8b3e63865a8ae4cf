"""What came out of a labelling, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Columns of the table, by key.
COUNTED = dict(photos='photos', instances='instances', tags_without_instance='tags without instance')
MEASURED = dict(true_instances='true instances', AP50='AP50', IoU='IoU')


def count_labels(instances: Mapping[str, Any], tags: Mapping[str, Sequence[str]], classes: Sequence[str]) -> dict:
    """Count photos, instances and tags without an instance, in all and by class.

    Args:
        instances: COCO json of the labels; empty where the recipe makes none.
        tags: Tags of the photos that labels were made of.
        classes: The class list.

    Returns:
        ``photos``, ``photos_without_instance``, ``instances``, and ``classes``: by name ``photos``, ``instances`` and
        ``tags_without_instance``.
    """
    names = {image['id']: image['file_name'] for image in instances.get('images', ())}
    categories = {category['id']: category['name'] for category in instances.get('categories', ())}
    found = [
        (names[annotation['image_id']], categories[annotation['category_id']])
        for annotation in instances.get('annotations', ())
    ]
    per_class, pairs = Counter(name for _, name in found), set(found)
    tagged = {photo: own for photo, own in tags.items() if own}
    with_instance = {photo for photo, _ in pairs}
    return dict(
        photos=len(tagged),
        photos_without_instance=sum(photo not in with_instance for photo in tagged),
        instances=len(found),
        classes={
            name: dict(
                photos=sum(name in own for own in tagged.values()),
                instances=per_class[name],
                tags_without_instance=sum(name in own and (photo, name) not in pairs for photo, own in tagged.items()),
            )
            for name in classes
        },
    )


def print_numbers(numbers: Mapping[str, Any], console: Console) -> None:
    """Print the counts as a table, and beside them what was measured on true masks.

    Args:
        numbers: ``labels`` as of :func:`count_labels`; ``masks`` as of
            :func:`~projects.wsis.labelling.measure.measure_labels`, where there are true masks.
        console: Where to print.
    """
    labels, measured = numbers['labels'], numbers.get('masks') or {}
    of_classes = measured.get('classes', {})
    shown = [key for key in MEASURED if any(key in own for own in of_classes.values())]
    table = Table(title='Labels')
    table.add_column('class', overflow='fold')
    for name in (*COUNTED.values(), *(MEASURED[key] for key in shown)):
        table.add_column(name, justify='right')
    for name, counts in labels['classes'].items():
        own = of_classes.get(name, {})
        # names are no markup: a class may be called [red]
        table.add_row(Text(name), *(str(counts[key]) for key in COUNTED), *(_format(own.get(key)) for key in shown))
    table.add_section()
    without = sum(counts['tags_without_instance'] for counts in labels['classes'].values())
    means = dict(
        true_instances=sum(own.get('true_instances', 0) for own in of_classes.values()),
        AP50=measured.get('AP50'),
        IoU=measured.get('mIoU'),
    )
    totals = (labels['photos'], labels['instances'], without)
    table.add_row('all', *map(str, totals), *(_format(means[key]) for key in shown))
    console.print(table)
    if labels['photos_without_instance']:
        console.print(f'{labels["photos_without_instance"]} photos have no instance', markup=False)
    if measured:
        photos = measured['photos']
        text = f'Measured on the true masks of {photos} photos, in percent; mean IoU with background'
        console.print(text if shown else 'No photo has true masks to measure with', markup=False)


def _format(value: float | None) -> str:
    if value is None:
        return '-'
    return str(value) if isinstance(value, int) else f'{value:.2f}'
