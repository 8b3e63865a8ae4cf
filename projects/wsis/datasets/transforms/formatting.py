"""Packing what the transforms made into network inputs and data samples."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.structures import DetDataSample
from mmengine.registry import TRANSFORMS
from mmengine.structures import InstanceData, PixelData

from ...structures import probe_photo


@TRANSFORMS.register_module()
class PackTagInputs(BaseTransform):
    """Pack a photo with tags (and what else was loaded) for the weakly-supervised models.

    Gives ``inputs`` (3, H, W) uint8 and a ``DetDataSample`` with, where the keys are there, ``gt_tags`` (C,; not of new
    images), ``gt_sem_seg`` (the evaluation mask or the training label map), ``gt_saliency`` (1, H, W) uint8, ``cams``
    (InstanceData of ``cams``, ``labels``), ``pred_sem_seg`` (labels or a mask mined from them), ``gt_component_map``
    (1, H, W), ``gt_components`` and ``gt_points`` (of :class:`GenerateInstancePseudoLabels`), and ``instances`` in its
    metainfo.

    Args:
        meta_keys: Keys that become metainfo, where present.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            'img_id',
            'img_path',
            'file_name',
            'ori_shape',
            'img_shape',
            'scale_factor',
            'flip',
            'flip_direction',
            'tags',
            'mode',
            'instances',
            'points',
        ),
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        """Pack one photo."""
        sample = DetDataSample(metainfo={key: results[key] for key in self.meta_keys if key in results})
        if 'tags' in results:
            sample.gt_tags = tags_to_vector(results['tags'], results['num_classes'])
        label_map = results.get('gt_seg_map', results.get('evaluation_sem_seg'))
        if label_map is not None:
            field = 'gt_saliency' if results.get('seg_map_kind') == 'saliency' else 'gt_sem_seg'
            label_map = to_tensor(label_map)
            sample.set_field(PixelData(data=label_map[None]), field, PixelData)
        if 'cams' in results:
            sample.cams = InstanceData(
                cams=torch.from_numpy(results['cams']), labels=torch.from_numpy(results['cam_labels'])
            )
        for mined in ('inter_pixel_labels', 'cam_mask'):
            if mined in results:
                sample.pred_sem_seg = PixelData(data=torch.from_numpy(results[mined])[None])
        if 'component_map' in results:
            sample.gt_component_map = PixelData(data=torch.from_numpy(results['component_map'])[None])
            sample.gt_components = _to_instance_data(results['components'])
            sample.gt_points = _to_instance_data(results['gt_points'])
        return dict(inputs=to_tensor(results['img'].transpose(2, 0, 1)), data_samples=sample)


def pack_truth(info: dict[str, Any]) -> DetDataSample:
    """Pack what is known of a photo without opening it: its names, tags and, where they were loaded, its true masks.

    Args:
        info: What a data set says of the photo, after ``LoadEvaluationMasks``.
    """
    info = {**info, 'ori_shape': probe_photo(info['img_path']).shape}
    known = ('img_id', 'img_path', 'file_name', 'ori_shape', 'tags', 'mode', 'instances')
    sample = DetDataSample(metainfo={key: info[key] for key in known if key in info})
    sample.gt_tags = tags_to_vector(info['tags'], info['num_classes'])
    if 'evaluation_sem_seg' in info:
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(info['evaluation_sem_seg'])[None])
    return sample


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """Copy an array, mirrored or transposed maybe, to a contiguous tensor.

    ``np.ascontiguousarray`` would not do: numpy calls a mirrored array contiguous where the mirrored side is one pixel
    long, and leaves its negative stride, which torch refuses.
    """
    return torch.from_numpy(array.copy(order='C'))


def _to_instance_data(arrays: dict[str, np.ndarray]) -> InstanceData:
    return InstanceData(**{key: torch.from_numpy(value) for key, value in arrays.items()})


def tags_to_vector(tags: list[int], num_classes: int) -> torch.Tensor:
    """Return the multi-hot vector (C,) of class ids.

    Raises:
        ValueError: If an id is not in ``0..num_classes - 1``.
    """
    if tags and not 0 <= min(tags) <= max(tags) < num_classes:
        raise ValueError(f'Tags {tags} are not class ids of {num_classes} classes')
    vector = torch.zeros(num_classes)
    vector[tags] = 1
    return vector
