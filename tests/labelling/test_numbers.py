"""What came out of a labelling: counts, and measures on true masks."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from tiny_chain.processes import skip_if_quick

from projects.wsis.labelling.measure import measure_labels
from projects.wsis.labelling.numbers import count_labels, print_numbers
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.structures.masks import encode_mask

CLASSES = ('[red] fox', 'Café')
SIZE = (20, 30)


def boxes(*places):
    """Boolean masks of rectangles (top, bottom, left, right)."""
    masks = np.zeros((len(places), *SIZE), bool)
    for mask, (top, bottom, left, right) in zip(masks, places):
        mask[top:bottom, left:right] = True
    return masks


TRUE = boxes((0, 10, 0, 10), (10, 20, 20, 30))  # a fox and a Café in each photo
FOUND = boxes((0, 10, 0, 8), (0, 5, 20, 30))  # the fox, nearly, and a Café elsewhere


def save_map(path, values, masks=TRUE):
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = np.zeros(SIZE, np.uint8)
    for value, mask in zip(values, masks):
        labels[mask] = value
    Image.fromarray(labels).save(path)


@pytest.fixture
def labelled(tmp_path):
    """Labels of two photos, as they are handed over."""
    images = [dict(id=index, file_name=name) for index, name in enumerate(('a b/x.jpg', 'a b/x.png'), 1)]
    annotations = [
        dict(image_id=image['id'], category_id=number, score=0.5, segmentation=encode_mask(mask))
        for image in images
        for number, mask in enumerate(FOUND, 1)
    ]
    for image in images:
        save_map(tmp_path / 'semantic_masks' / f'{image["file_name"]}.png', (1, 2), FOUND)
    categories = [dict(id=index, name=name) for index, name in enumerate(CLASSES, 1)]
    copies = {image['file_name']: WorkingCopy(SIZE[1], SIZE[0], True, ('', 0, 0)) for image in images}
    return dict(images=images, annotations=annotations, categories=categories), tmp_path, copies


def save_coco(path, names=('a b/x.jpg', 'a b/x.png'), size=SIZE):
    content = dict(
        images=[dict(id=10 * index, file_name=name) for index, name in enumerate(names)],
        categories=[dict(id=7, name='cafÉ'), dict(id=3, name='[red] fox'), dict(id=5, name='boat')],
        annotations=[
            dict(image_id=10 * index, category_id=category, segmentation=encode_mask(np.resize(mask, size)))
            for index in range(len(names))
            for category, mask in zip((3, 7, 5), (*TRUE, TRUE[0]))
        ],
    )
    path.write_text(json.dumps(content))
    return path


def save_folders(path):
    for name in ('a b/x.jpg', 'a b/x.png'):
        save_map(path / 'SegmentationClass' / f'{name}.png', (1, 2))
        save_map(path / 'SegmentationObject' / f'{name}.png', (1, 2))
    return path


@pytest.mark.parametrize('save', [save_coco, save_folders])
def test_labels_are_measured_on_true_masks(save, labelled):
    instances, folder, copies = labelled
    measured = measure_labels(instances, folder / 'semantic_masks', save(folder / 'true'), copies, CLASSES)
    # of a photo's 600 pixels 400 are background and 470 labelled so, 350 of them rightly
    background = 100 * 350 / (470 + 400 - 350)
    assert measured == dict(
        photos=2,
        mIoU=pytest.approx((80 + 0 + background) / 3, abs=0.01),
        AP50=50,
        classes={
            '[red] fox': dict(IoU=80, AP50=100, true_instances=2),
            'Café': dict(IoU=0, AP50=0, true_instances=2),
        },
    )
    skip_if_quick()  # what one process gives was right
    again = measure_labels(instances, folder / 'semantic_masks', folder / 'true', copies, CLASSES, processes=2)
    assert again == measured


def test_class_maps_alone_measure_the_semantic_masks(labelled):
    instances, folder, copies = labelled
    save_map(folder / 'true/a b/x.jpg.png', (1, 255))
    measured = measure_labels(instances, folder / 'semantic_masks', folder / 'true', copies, CLASSES)
    assert measured['photos'] == 1 and 'AP50' not in measured
    assert measured['classes']['[red] fox'] == dict(IoU=80)


def test_masks_that_cannot_be_used_are_counted_and_the_others_measured(labelled, caplog):
    instances, folder, copies = labelled
    save_map(folder / 'true/a b/x.jpg.png', (1, 2))
    save_map(folder / 'true/a b/x.png.png', (1, 9))
    with caplog.at_level('WARNING', 'mmengine'):
        measured = measure_labels(instances, folder / 'semantic_masks', folder / 'true', copies, CLASSES)
    assert measured['photos'] == 1
    save_coco(folder / 'true.json', size=(30, 20))
    measured = measure_labels(instances, folder / 'semantic_masks', folder / 'true.json', copies, CLASSES)
    assert measured == dict(photos=0, classes={name: {} for name in CLASSES})


def test_masks_without_a_class_give_no_mean(labelled):
    instances, folder, copies = labelled
    save_map(folder / 'true/a b/x.jpg.png', (255, 255))
    measured = measure_labels({}, folder / 'semantic_masks', folder / 'true', copies, CLASSES)
    assert measured == dict(photos=1, classes={name: {} for name in CLASSES})


def show(**numbers):
    console = Console(file=io.StringIO(), width=120)
    print_numbers(numbers, console)
    return console.file.getvalue()


def test_table_of_counts_and_measures(labelled):
    instances, folder, copies = labelled
    tags = {name: [*CLASSES] for name in (*copies, 'c.jpg')}
    counts = count_labels(instances, tags, CLASSES)
    alone = show(labels=counts)
    rows = {line.split('│')[1].strip(): line.split('│')[2:-1] for line in alone.splitlines() if line.startswith('│')}
    assert [cell.strip() for cell in rows['[red] fox']] == ['3', '2', '1']
    assert [cell.strip() for cell in rows['all']] == ['3', '4', '2']
    assert '1 photos have no instance' in alone and 'AP50' not in alone
    measured = measure_labels(instances, folder / 'none', save_coco(folder / 'true.json'), copies, CLASSES)
    beside = show(labels=counts, masks=measured)
    rows = {line.split('│')[1].strip(): line.split('│')[2:-1] for line in beside.splitlines() if line.startswith('│')}
    assert [cell.strip() for cell in rows['Café']] == ['3', '2', '1', '2', '0.00']
    assert [cell.strip() for cell in rows['all']] == ['3', '4', '2', '4', '50.00']
    assert 'true masks of 2 photos' in beside
    assert 'No photo has true masks' in show(labels=counts, masks=dict(photos=0, classes={}))
    assert json.loads(json.dumps(measured)) == measured
