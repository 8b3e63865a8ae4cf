"""Class maps that others have made of the photos of a data set, copied into a store that stages read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS
from tqdm import tqdm

from ..structures import PseudoLabelStore, hash_content, probe_photo
from ..structures.index_png import write_index_png
from ..structures.masks import check_class_values, read_index_png

ARTIFACT = 'semantic_masks'


def store_given_maps(folder: str | Path, out: str | Path, settings: Mapping[str, Any]) -> int:
    """Copy the class maps ``PHOTO.png`` of all tagged photos of a data set into a store of semantic masks.

    Args:
        folder: Folder of the maps, palette or grey PNG of the photo's size: 0 background, 1..C classes, 255 left out.
        out: Folder of the store. Maps that an interrupted call has copied stay, unless the folder has changed.
        settings: What a config says of the data set (``type`` and its arguments).

    Returns:
        How many maps the store holds.

    Raises:
        ValueError: If a photo has no map, or a map cannot be read, is of another size than its photo or holds a value
            that is no class; one line.
    """
    folder = Path(folder)
    dataset = DATASETS.build(dict(settings, pipeline=[], filter_cfg=dict(filter_empty_tags=True)))
    photos = {info['img_id']: info for info in map(dataset.get_data_info, range(len(dataset)))}
    maps = find_given_maps(folder, list(photos))
    store = PseudoLabelStore(out, ARTIFACT, '.png')
    status = [(photo, path.stat()) for photo, path in maps.items()]
    lineage = dict(given_maps=hash_content([[photo, facts.st_size, facts.st_mtime_ns] for photo, facts in status]))
    store.start(lineage, dataset.metainfo['classes'])
    for photo, path in tqdm(maps.items(), desc='class maps', unit='photo', leave=False):
        if photo in store:
            continue
        labels = read_index_png(path)
        size = probe_photo(photos[photo]['img_path']).shape
        if labels.shape != size:
            raise ValueError(
                f'{path}: the class map is of size {labels.shape}, but its photo has {size}: take maps of these photos'
            )
        check_class_values(labels, len(dataset.metainfo['classes']), path)
        write_index_png(store.path_of(photo), labels, dataset.metainfo['palette'])
        store.note(photo)
    store.finish(list(maps))
    return len(maps)


def find_given_maps(folder: Path, photos: list[str]) -> dict[str, Path]:
    """Return the class map of each photo.

    Raises:
        ValueError: If one is missing; the line says how many are.
    """
    maps = {photo: folder / f'{photo}.png' for photo in photos}
    missing = [photo for photo, path in maps.items() if not path.is_file()]
    if not missing:
        return maps
    what = (
        f'{len(missing)} of {len(photos)} photos have no class map PHOTO.png (first: {missing[0]})'
        if folder.is_dir()
        else 'there is no such folder of class maps'
    )
    raise ValueError(
        f'{folder}: {what}; unpack the maps there (those of BESTIE are WSSS_maps.zip of '
        'https://github.com/clovaai/BESTIE), or name another folder'
    )
