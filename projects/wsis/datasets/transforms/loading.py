"""Loading photos, evaluation masks and the maps of earlier stages."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...structures import PseudoLabelStore, decode_photo, probe_photo
from ...structures.cam_file import TRAINED_ON, read_cams
from ...structures.masks import (
    check_class_values,
    decode_annotations,
    decode_masks,
    masks_to_instances,
    read_index_png,
    read_instance_png,
)


@TRANSFORMS.register_module()
class LoadPhoto(BaseTransform):
    """Load a photo as 8-bit BGR, upright, whatever its kind (see :func:`projects.wsis.structures.decode_photo`).

    Required key: ``img_path``. Added keys: ``img`` (H, W, 3) uint8, ``img_shape`` (its height and width), ``ori_shape``
    (those of the photo, which differ from ``img_shape`` only where ``long_side`` reduces it).

    Args:
        long_side: Larger photos are reduced to this many pixels on their longer side; None keeps them.
        cache_megabytes: How much of the photos that were loaded is kept in memory, each data-loading worker by itself,
            so that many epochs over a small set decode each photo once, if workers persist. Files must not change
            meanwhile.

    Raises:
        ValueError: If the file cannot be read as a photo; the message names it.
    """

    def __init__(self, long_side: int | None = None, cache_megabytes: float = 0) -> None:
        if long_side is not None and long_side < 1:
            raise ValueError(f'LoadPhoto: long_side is a number of pixels from 1 or None, not {long_side}')
        if not cache_megabytes >= 0:
            raise ValueError(f'LoadPhoto: cache_megabytes is a number from 0, not {cache_megabytes}')
        self.long_side = long_side
        self._left = int(cache_megabytes * 1e6)  # bytes
        self._kept: dict[str, tuple[np.ndarray, tuple[int, int]]] = {}

    def transform(self, results: dict) -> dict:
        """Load the photo of ``results['img_path']``."""
        image, results['ori_shape'] = self._load(str(results['img_path']))
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        return results

    def _load(self, path: str) -> tuple[np.ndarray, tuple[int, int]]:
        """Return a photo and its size in the file."""
        if path in self._kept:
            image, size = self._kept[path]
            return image.copy(), size
        image = decode_photo(path, self.long_side)
        size = probe_photo(path).shape if self.long_side else image.shape[:2]
        if image.nbytes <= self._left:
            self._left -= image.nbytes
            self._kept[path] = image.copy(), size
        return image, size


@TRANSFORMS.register_module()
class LoadEvaluationMasks(BaseTransform):
    """Load ground-truth masks for evaluation. Photos without masks pass unchanged; resizing and flipping leave them.

    Optional keys: ``seg_map_path``, ``instance_map_path`` (palette PNG; 0 background, 255 ignore), or
    ``mask_annotations`` of a COCO json (which needs ``ori_shape``, or ``img_path`` to look it up).
    Added keys: ``evaluation_sem_seg`` (H, W) uint8, and ``instances``: a list of ``dict(bbox=[x1, y1, x2, y2],
    bbox_label=int, mask=RLE, ignore_flag=0)``.

    Raises:
        ValueError: If a mask is of another size than the photo, or holds a value that is no class (where the data set
            tells ``num_classes``).
    """

    def transform(self, results: dict) -> dict:
        """Load the masks that the data info names."""
        if 'mask_annotations' in results:
            return _load_annotations(results)
        if 'seg_map_path' not in results:
            return results
        semantic = read_index_png(results['seg_map_path'])
        if semantic.shape != tuple(results.get('ori_shape', semantic.shape)):
            raise ValueError(
                f'{results["seg_map_path"]}: mask size {semantic.shape} is not that of the photo '
                f'{tuple(results["ori_shape"])}'
            )
        if 'num_classes' in results:
            check_class_values(semantic, results['num_classes'], results['seg_map_path'])
        results['evaluation_sem_seg'] = semantic
        if 'instance_map_path' in results:
            instance = read_instance_png(results['instance_map_path'], semantic.shape, results['seg_map_path'])
            results['instances'] = masks_to_instances(semantic, instance)
        return results


@TRANSFORMS.register_module()
class LoadCAMs(BaseTransform):
    """Load the stored CAMs of a photo.

    Required keys: ``cam_dir`` (the store), ``img_id``. Added keys: ``cams`` (K, h, w) float32 in [0, 1], ``cam_labels``
    (K,) int64, 0-based class ids, ``mode`` in which the classes were chosen.

    Raises:
        ValueError: If the CAMs were made from a photo of another size.
    """

    def transform(self, results: dict) -> dict:
        """Read the npz file of the photo."""
        if 'cam_dir' not in results:
            raise ValueError("LoadCAMs needs the folder of the CAM store: set the dataset's data_prefix.cams")
        arrays = read_cams(PseudoLabelStore(results['cam_dir'], 'cams', '.npz'), results['img_id'], TRAINED_ON)
        size = tuple(int(length) for length in arrays['size'])
        if size != tuple(results.get('ori_shape', size)):
            raise ValueError(
                f'CAMs of photo {results["img_id"]} in {results["cam_dir"]} were made from a photo of '
                f'size {size}, but {results["img_path"]} has {tuple(results["ori_shape"])}: make them '
                'again'
            )
        results['cams'] = arrays['cams'].astype(np.float32)
        results['cam_labels'] = arrays['labels']
        results['mode'] = str(arrays['mode'])
        return results


@TRANSFORMS.register_module()
class LoadInterPixelLabels(BaseTransform):
    """Load the stored inter-pixel label map of a photo as ``gt_seg_map``, so that mmcv's transforms carry it along.

    Required keys: ``inter_pixel_label_dir`` (the store), ``img_id``. Added keys: ``gt_seg_map`` (H, W) uint8 (0
    background, 1..C classes, 255 unsure), ``seg_fields``.

    Raises:
        ValueError: If the map was made from a photo of another size.
    """

    def transform(self, results: dict) -> dict:
        """Read the PNG of the photo."""
        return _load_label_map(results, 'inter_pixel_label', 'inter_pixel_labels')


@TRANSFORMS.register_module()
class LoadSemanticMasks(BaseTransform):
    """Load the pseudo semantic mask that an earlier stage has made of a photo as ``gt_seg_map``, to train on.

    Required keys: ``semantic_mask_dir`` (the store), ``img_id``. Added keys: ``gt_seg_map`` (H, W) uint8 (0 background,
    1..C classes, 255 unsure), ``seg_fields``.

    Raises:
        ValueError: If the mask was made from a photo of another size.
    """

    def transform(self, results: dict) -> dict:
        """Read the PNG of the photo."""
        return _load_label_map(results, 'semantic_mask', 'semantic_masks')


@TRANSFORMS.register_module()
class LoadSemanticFromMasks(BaseTransform):
    """Turn evaluation masks into training targets (for the fully supervised comparison only).

    Required key: ``evaluation_sem_seg`` (of :class:`LoadEvaluationMasks`). Added keys: ``gt_seg_map``, ``seg_fields``.
    """

    def transform(self, results: dict) -> dict:
        """Move the mask."""
        if 'evaluation_sem_seg' not in results:
            raise ValueError(f'Photo {results["img_path"]} has no semantic mask to train on')
        results['gt_seg_map'] = results.pop('evaluation_sem_seg')
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results


@TRANSFORMS.register_module()
class LoadSaliency(BaseTransform):
    """Load the saliency map of a photo instead of the label map, so that mmcv's transforms carry it along.

    Grey PNG of 8 or 16 bit (colours are turned to grey), as any saliency model gives it. A map of another size than the
    photo is resized to it (bilinear).

    Required key: ``saliency_path``. Added keys: ``gt_seg_map`` (H, W) uint8, 255 salient; ``seg_fields``;
    ``seg_map_kind`` (``'saliency'``, by which cropping and packing tell it from labels).

    Raises:
        ValueError: If the file cannot be read; the message names it.
    """

    def transform(self, results: dict) -> dict:
        """Read the PNG of the photo."""
        if 'saliency_path' not in results:
            raise ValueError("LoadSaliency needs the folder of the maps: set the dataset's data_prefix.saliency")
        saliency = read_saliency_png(results['saliency_path'])
        height, width = results['ori_shape']
        if saliency.shape != (height, width):
            saliency = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_LINEAR)
        results['gt_seg_map'] = saliency
        results['seg_map_kind'] = 'saliency'
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results


@TRANSFORMS.register_module()
class LoadInstancesFromMasks(BaseTransform):
    """Turn evaluation instances into training targets of mmdet (for the fully supervised comparison only).

    Required key: ``instances`` (of :class:`LoadEvaluationMasks`). Added keys: ``gt_bboxes``, ``gt_bboxes_labels``,
    ``gt_masks``, ``gt_ignore_flags``, as mmdet's ``LoadAnnotations`` gives them.
    """

    def transform(self, results: dict) -> dict:
        """Decode the instance masks."""
        from mmdet.structures.bbox import HorizontalBoxes
        from mmdet.structures.mask import BitmapMasks

        instances = results.get('instances')
        if instances is None:
            raise ValueError(f'Photo {results["img_path"]} has no instance masks to train on')
        height, width = results['ori_shape']
        masks = decode_masks([instance['mask'] for instance in instances], (height, width)).astype(np.uint8)
        results['gt_bboxes'] = HorizontalBoxes(
            np.array([instance['bbox'] for instance in instances], np.float32).reshape(-1, 4)
        )
        results['gt_bboxes_labels'] = np.array([instance['bbox_label'] for instance in instances], np.int64)
        results['gt_ignore_flags'] = np.zeros(len(instances), bool)
        results['gt_masks'] = BitmapMasks(masks, height, width)
        return results


def _load_annotations(results: dict) -> dict:
    size = tuple(results.get('ori_shape') or probe_photo(results['img_path']).shape)
    try:
        instances, semantic = decode_annotations(results['mask_annotations'], size)
    except ValueError as error:
        raise ValueError(f'Masks of photo {results["img_path"]}: {error}') from None
    results['evaluation_sem_seg'], results['instances'] = semantic, instances
    return results


def read_saliency_png(path: str) -> np.ndarray:
    """Read a saliency map as (H, W) uint8.

    Raises:
        ValueError: If the file is missing, damaged or no picture.
    """
    try:
        content = np.fromfile(path, np.uint8)
        saliency = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if len(content) else None
    except cv2.error:  # of several lines
        raise ValueError(f'Saliency map {path} is damaged or too large: make it as large as its photo') from None
    except OSError as error:
        raise ValueError(f'Saliency map {path} cannot be read ({error})') from None
    if saliency is None:
        raise ValueError(f'Saliency map {path} cannot be decoded: it is damaged or not a picture; make it again')
    return saliency


def _load_label_map(results: dict, kind: str, artifact: str) -> dict:
    """Put the label map of a photo, read from a store, into the results as ``gt_seg_map``."""
    if f'{kind}_dir' not in results:
        raise ValueError(f"No folder of the {artifact} is named: set the dataset's data_prefix.{artifact}")
    store = PseudoLabelStore(results[f'{kind}_dir'], artifact, '.png')
    path = store.path_of(results['img_id'])
    if results['img_id'] not in store:
        raise store.missing_file_error(results['img_id'])
    labels = read_index_png(path)
    if labels.shape != tuple(results.get('ori_shape', labels.shape)):
        raise ValueError(
            f'{path}: label map of size {labels.shape}, but the photo {results["img_path"]} has '
            f'{tuple(results["ori_shape"])}: make the labels again'
        )
    results['gt_seg_map'] = labels
    results.setdefault('seg_fields', []).append('gt_seg_map')
    return results
