"""What came out of a labelling, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


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
    """Print the counts as a table."""
    labels = numbers['labels']
    table = Table(title='Labels')
    for name, side in (
        ('class', 'left'),
        ('photos', 'right'),
        ('instances', 'right'),
        ('tags without instance', 'right'),
    ):
        table.add_column(name, justify=side)
    for name, counts in labels['classes'].items():
        table.add_row(name, *(str(counts[key]) for key in ('photos', 'instances', 'tags_without_instance')))
    table.add_section()
    table.add_row('all', str(labels['photos']), str(labels['instances']), '')
    console.print(table)
    if labels['photos_without_instance']:
        console.print(f'{labels["photos_without_instance"]} photos have no instance', markup=False)
