"""The doctor on plain listings: one small set for each kind of finding."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from inspection.photo_files import break_checksum, cut_off, save_mask, save_photo, save_turned_photo
from PIL import Image
from rich.console import Console

from projects.wsis.inspection import file_findings
from projects.wsis.inspection.check_report import check_to_json, print_check
from projects.wsis.inspection.dataset_check import check_photos
from projects.wsis.inspection.findings import KINDS, LEVELS, make_findings
from projects.wsis.inspection.photo_listing import PhotoEntry, PhotoListing, join_listings

CLASSES = ('red fox', 'traffic light', 'Café')


@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> list[str]:
    """Forty whole photos, all different, in folders with blanks and Unicode."""
    folder = tmp_path_factory.mktemp('photos') / 'Meine Füchse'
    return [save_photo(folder / f'Foto {index:02}.png', seed=index) for index in range(40)]


def list_tagged(photos: list[str], **tags_by_index) -> list[PhotoEntry]:
    """Thirty entries: ten a class, and a few without tags."""
    entries = []
    for index, path in enumerate(photos[:36]):
        tags = (CLASSES[index % 3],) if index < 33 else ()
        entries.append(PhotoEntry(Path(path).name, path, tags_by_index.get(f'photo_{index}', tags)))
    return entries


def find(listing: PhotoListing) -> dict:
    """Check a listing and return its findings by kind."""
    check = check_photos(listing, processes=1)
    for finding in check.findings:
        assert finding.kind in KINDS
        assert finding.level in LEVELS
        assert finding.count >= len(finding.examples) > 0
        assert finding.advice.endswith('.')
    return {finding.kind: finding for finding in check.findings}


def add(photos: list[str], *entries: PhotoEntry, classes=CLASSES, **settings) -> dict:
    """Findings of a clean set with a few more entries, without the note on photos that have no tag."""
    found = find(PhotoListing(classes, [*list_tagged(photos), *entries], **settings))
    found.pop('photo_without_tag')
    return found


def test_clean_set_has_notes_only(photos):
    check = check_photos(PhotoListing(CLASSES, list_tagged(photos)), processes=2)
    assert [finding.kind for finding in check.findings] == ['photo_without_tag']
    assert (check.photos, check.classes) == (36, dict.fromkeys(CLASSES, 11))
    assert check.count('error') == check.count('warning') == 0


def test_broken_photos(photos, tmp_path):
    (tmp_path / 'text.jpg').write_text('no photo')
    (tmp_path / 'folder.jpg').mkdir()
    paths = dict(
        missing=str(tmp_path / 'missing.jpg'),
        nowhere=None,
        text=str(tmp_path / 'text.jpg'),
        folder=str(tmp_path / 'folder.jpg'),
        cut=cut_off(save_photo(tmp_path / 'cut.jpg', size=(200, 200))),
        checksum=break_checksum(save_photo(tmp_path / 'checksum.png')),
    )
    found = add(photos, *(PhotoEntry(name, path) for name, path in paths.items()))
    assert {kind: (finding.level, finding.count) for kind, finding in found.items()} == {
        'missing_photo': ('error', 2),
        'unreadable_photo': ('error', 2),
        'truncated_photo': ('error', 1),
        'wrong_checksum': ('error', 1),
    }
    assert found['missing_photo'].examples == ['missing', 'nowhere']
    assert found['unreadable_photo'].examples[1] == 'folder (a folder)'


def test_turned_tiny_huge_animated_and_unusual_photos(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(file_findings, 'HUGE_PIXELS', 3000)
    frames = [Image.new('RGB', (40, 40), color) for color in ('red', 'blue')]
    frames[0].save(tmp_path / 'a.webp', save_all=True, append_images=frames[1:])
    Image.new('CMYK', (40, 40)).save(tmp_path / 'cmyk.jpg')
    entries = [
        PhotoEntry('turned', save_turned_photo(tmp_path / 'turned.jpg')),
        PhotoEntry('tiny', save_photo(tmp_path / 'tiny.jpg', size=(1, 90))),
        PhotoEntry('huge', save_photo(tmp_path / 'huge.jpg', size=(90, 40))),
        PhotoEntry('animated', str(tmp_path / 'a.webp')),
        PhotoEntry('cmyk', str(tmp_path / 'cmyk.jpg')),
    ]
    found = add(photos, *entries)
    assert {kind: (finding.level, finding.examples) for kind, finding in found.items()} == {
        'turned_photo': ('note', ['turned (40x48)']),
        'tiny_photo': ('warning', ['tiny (1x90)']),
        'huge_photo': ('note', ['huge (90x40)']),
        'animated_photo': ('note', ['animated (40x40)']),
        'unusual_colors': ('note', ['cmyk (40x40)']),
    }


def test_copies_and_photos_of_both_splits(photos, tmp_path):
    copy = tmp_path / 'copy.png'
    copy.write_bytes(Path(photos[0]).read_bytes())
    leaked = tmp_path / 'leaked.png'
    leaked.write_bytes(Path(photos[1]).read_bytes())
    found = add(
        photos,
        PhotoEntry('copy.png', str(copy), (CLASSES[0],)),
        PhotoEntry('leaked.png', str(leaked), (CLASSES[1],), 'val'),
        PhotoEntry('Foto 02.png', photos[2], (CLASSES[2],), 'val'),
        PhotoEntry('test.png', photos[3], (CLASSES[0],), 'test'),
    )
    assert {kind: (finding.level, finding.examples) for kind, finding in found.items()} == {
        'duplicate_photo': ('warning', ['copy.png = Foto 00.png']),
        'duplicate_in_train_and_val': ('warning', ['leaked.png = Foto 01.png']),
        'photo_in_train_and_val': ('warning', ['Foto 02.png']),
    }


def test_copy_of_a_training_photo_in_val_is_seen_beside_one_in_test(photos, tmp_path):
    entries = []
    for split in ('test', 'val', 'train'):
        path = tmp_path / f'{split}.png'
        path.write_bytes(Path(photos[0]).read_bytes())
        entries.append(PhotoEntry(split, str(path), ('a',), split))
    found = find(PhotoListing(('a',), entries))
    assert found['duplicate_in_train_and_val'].examples == ['val = train']
    assert found['duplicate_photo'].examples == ['test = train']


def test_lists(photos):
    found = add(
        photos,
        PhotoEntry('FOTO  36.png', photos[36], ('red fx', 'café')),
        PhotoEntry('Foto 36.png', photos[37], ('dog',)),
        tags_without_photo=['gone.jpg'],
        tags_in_no_split=['spare.jpg'],
        doubled_lines=['Foto 01'],
    )
    assert {kind: finding.examples for kind, finding in found.items()} == {
        'unknown_tag': [
            "'red fx' (first: FOTO  36.png; 'red fox'?)",
            "'café' (first: FOTO  36.png; 'Café'?)",
            "'dog' (first: Foto 36.png)",
        ],
        'tag_without_photo': ['gone.jpg'],
        'near_photo_names': ["'FOTO  36.png' / 'Foto 36.png'"],
        'near_class_names': ["'Café' / 'café'"],
        'tag_in_no_split': ['spare.jpg'],
        'doubled_split_line': ['Foto 01'],
    }
    assert found['unknown_tag'].level == 'error'
    assert found['doubled_split_line'].level == 'note'


def test_names_that_are_no_text_can_be_printed():
    found = make_findings('missing_photo', ['caf\udce9\n.jpg'])
    assert found[0].examples == ['caf\\udce9 .jpg']


def test_unknown_tags_left_out_on_purpose_are_a_note(photos):
    found = add(photos, PhotoEntry('a', photos[36], ('dog',)), ignore_unknown_tags=True)
    assert [(kind, finding.level) for kind, finding in found.items()] == [('unknown_tag', 'note')]


@pytest.mark.parametrize(
    ('classes', 'words'),
    [
        (('cat', 'dog', 'cat'), "'cat' appears 2 times"),
        (('cat', ''), 'a name is empty'),
        (('cat', 'Cat '), "'cat' and 'Cat ' differ only by case or blanks"),
        (('cat', 'Background'), 'the background is not a class'),
        (('cat', ' dog'), 'starts or ends with a blank'),
        (tuple(f'class {index}' for index in range(255)), '255 classes are too many'),
    ],
)
def test_class_list(classes, words):
    assert words in find(PhotoListing(classes, []))['bad_class_list'].examples[0]


@pytest.mark.parametrize(
    ('tags', 'kind', 'level', 'example'),
    [
        ([('a',)] * 12, 'no_negatives', 'error', 'a'),
        ([()] * 12, 'no_tag', 'error', 'none of 12 photos shows one of 3 classes'),
        ([('a', 'b')] * 6 + [('a', 'c')] * 6, 'class_in_every_photo', 'warning', 'a'),
        ([('a', 'b')] * 6 + [('c',)] * 6, 'inseparable_classes', 'warning', 'a + b'),
        ([('a',)] * 6 + [('b',)] * 6, 'class_without_photo', 'warning', 'c'),
        ([('a',)] * 10 + [('b',), ('c',), ('c',)], 'single_photo_class', 'warning', 'b'),
        ([('a',)] * 10 + [('b',)] * 10 + [('c',)] * 9, 'few_photos', 'warning', 'c (9)'),
    ],
)
def test_classes_that_cannot_be_learnt(photos, tags, kind, level, example):
    entries = [PhotoEntry(path, path, some) for path, some in zip(photos, tags, strict=False)]
    found = find(PhotoListing(('a', 'b', 'c'), entries))
    assert (found[kind].level, found[kind].examples) == (level, [example])
    assert ('no_negatives' in found) == (kind == 'no_negatives')
    assert 'class_in_every_photo' not in found or kind == 'class_in_every_photo'


def test_photos_of_val_are_no_negatives(photos):
    train = [PhotoEntry(path, path, ('a',)) for path in photos[:12]]
    val = [PhotoEntry(path, path, (), 'val') for path in photos[12:15]]
    assert 'no_negatives' in find(PhotoListing(('a',), train + val))


def test_masks(photos, tmp_path):
    blank = np.zeros((40, 48))
    masks = dict(
        good=np.where(np.arange(48) < 9, 2, blank),
        two=np.where(np.arange(48) < 9, 3, blank),
        too_hard=np.where(np.arange(48) < 9, 255, blank),
        many=np.where(np.arange(48) < 9, 4, blank),
        small=blank[:20],
    )
    paths = {name: save_mask(tmp_path / f'{name}.png', mask) for name, mask in masks.items()}
    paths['color'] = save_photo(tmp_path / 'color.png')
    entries = [
        PhotoEntry(f'v{index}', photos[index], (CLASSES[0],), 'val', path) for index, path in enumerate(paths.values())
    ]
    found = find(PhotoListing(CLASSES, entries))
    assert found['mask_value_of_no_class'].examples == [f'{paths["many"]} (4)']
    assert found['mask_size'].examples == [f'{paths["small"]} (48x20, its photo 48x40)']
    assert found['unreadable_mask'].count == 1
    assert 'colour picture' in found['unreadable_mask'].examples[0]
    assert found['mask_of_0_and_255'].level == 'note'


def test_masks_of_a_coco_json_are_as_large_as_their_photo(photos):
    entries = [
        PhotoEntry('a', photos[0], (), 'val', mask_sizes=((48, 40),), polygon_extent=(48, 40.5)),
        PhotoEntry('b', photos[1], (), 'val', mask_sizes=((48, 40), (40, 48))),
        PhotoEntry('c', photos[2], (), 'val', polygon_extent=(60.5, 40)),
    ]
    assert find(PhotoListing(CLASSES, entries))['mask_size'].examples == [
        'masks of b (40x48, its photo 48x40)',
        'polygons of c (they reach to 60.5, 40; its photo 48x40)',
    ]


def test_masks_of_0_and_255(photos, tmp_path):
    mask = save_mask(tmp_path / 'a.png', np.where(np.arange(48) < 9, 255, np.zeros((40, 48))))
    found = find(PhotoListing(CLASSES, [PhotoEntry('a', photos[0], (), 'val', mask)]))
    assert found['mask_of_0_and_255'].level == 'error'
    assert '255' in found['mask_of_0_and_255'].advice


def test_mask_of_a_turned_photo_lies_upright(tmp_path):
    photo = save_turned_photo(tmp_path / 'a.jpg')
    upright, flat = (save_mask(tmp_path / f'{size[0]}.png', np.zeros(size)) for size in ((48, 40), (40, 48)))
    entries = [PhotoEntry('a', photo, (), 'val', upright), PhotoEntry('b', photo, (), 'val', flat)]
    assert find(PhotoListing(CLASSES, entries))['mask_size'].count == 1


def test_empty_listing():
    assert find(PhotoListing(CLASSES, []))['no_photo'].level == 'error'


def test_joined_listings_say_the_same_thing_once(photos):
    entries = list_tagged(photos)
    one = PhotoListing(CLASSES, entries[:5], tags_in_no_split=['Foto 07.png', 'x'], doubled_lines=['a'])
    one.findings += make_findings('unreadable_list', ['b is missing'])
    two = PhotoListing(CLASSES, entries[3:8], tags_in_no_split=['Foto 00.png', 'x'], doubled_lines=['a'])
    two.findings += make_findings('unreadable_list', ['b is missing', 'c is missing'])
    joined = join_listings([one, two])
    assert joined.entries == entries[:8]
    assert (joined.tags_in_no_split, joined.doubled_lines) == (['x'], ['a'])
    assert [(finding.count, finding.examples) for finding in joined.findings] == [(2, ['b is missing', 'c is missing'])]


def test_report_and_json(photos):
    gone = [PhotoEntry(f'Füchse [{index}].jpg', None, ('red fox',)) for index in range(7)]
    check = check_photos(PhotoListing(CLASSES, [*list_tagged(photos), *gone]), processes=1)
    page = io.StringIO()
    print_check(check, Console(file=page, width=80))
    lines = page.getvalue().splitlines()
    assert lines[0] == 'error    missing photos: 7 (Füchse [0].jpg, Füchse [1].jpg, Füchse [2].jpg, ...)'
    assert lines[1].strip() == KINDS['missing_photo'].advice
    assert lines[-1] == '7 errors, 0 warnings in 43 photos'
    content = json.loads(json.dumps(check_to_json(check)))
    assert (content['photos'], content['classes']) == (43, dict.fromkeys(CLASSES, 11))  # missing photos teach nothing
    assert content['findings'][0] == dict(
        level='error',
        kind='missing_photo',
        count=7,
        examples=[f'Füchse [{index}].jpg' for index in range(5)],
        advice=KINDS['missing_photo'].advice,
    )


def test_report_has_at_most_two_short_lines_a_kind():
    findings = [finding for kind in KINDS for finding in make_findings(kind, ['a' * 300] * 9)]
    page = io.StringIO()
    print_check(check_photos(PhotoListing((), [], findings=findings)), Console(file=page))
    lines = page.getvalue().splitlines()
    assert len(lines) <= 2 * len(KINDS) + 5
    assert max(map(len, lines)) < 330
