"""A classifier and its CAMs on a folder tree of photos, whose names are equal, with negatives and a table of tags."""

import shutil

from tiny_chain.fixtures import CONFIGS, make_labels, train

from projects.wsis.structures import PseudoLabelStore, read_json


def test_classifier_and_cams_of_a_folder_tree(demo_root, tmp_path):
    photos, rows = [], ['file,tags']
    for index, path in enumerate(sorted((demo_root / 'JPEGImages').iterdir())[:6]):
        photos.append(f'day {index // 2}/IMG {index % 2}.jpg')
        (tmp_path / 'photos' / photos[-1]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / 'photos' / photos[-1])
        rows += [f'{photos[-1]},{name}' for name in (['red fox'], ['Café', 'red fox'], [])[index % 3]]
    (tmp_path / 'photos/tags.csv').write_text('\n'.join(rows))
    root, classes = str(tmp_path / 'photos'), ('red fox', 'Café')
    common = dict(
        type='PhotoTagDataset',
        data_root=root,
        ann_file=None,
        tags_file='tags.csv',
        metainfo=dict(_delete_=True, classes=classes),
        filter_cfg=dict(filter_empty_tags=False),
    )
    config = tmp_path / 'folders.py'
    config.write_text(
        f'_base_ = [{str(CONFIGS / "tiny_cam.py")!r}]\n'
        'model = dict(head=dict(num_classes=2))\n'
        f'train_dataloader = dict(batch_size=2, dataset={common!r})\n'
        f'val_dataloader = dict(dataset={common!r})\n'
        f'test_dataloader = dict(dataset={common!r})\n'
    )
    train(str(config), tmp_path / 'classifier')
    make_labels(str(config), tmp_path / 'classifier/epoch_1.pth', tmp_path / 'cams')
    store = PseudoLabelStore(tmp_path / 'cams/cams', 'cams', '.npz')
    assert store.check_readable(classes)['count'] == 6 and all(photo in store for photo in photos)
    assert store.read_arrays('day 0/IMG 1.jpg')['labels'].tolist() == [0, 1]
    assert store.read_arrays('day 1/IMG 0.jpg')['labels'].tolist() == []  # a negative
    assert read_json(store.manifest_path)['complete']
