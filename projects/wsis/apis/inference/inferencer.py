"""One inferencer for every kind of model: detectors, segmentors, classifiers, and IRNet with its classifier."""

import itertools
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.models.detectors import BaseDetector
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose, pseudo_collate
from mmengine.device import get_device
from mmengine.infer.infer import BaseInferencer
from mmengine.logging import print_log
from mmengine.registry import VISUALIZERS, init_default_scope
from mmengine.visualization import Visualizer
from rich.progress import track
from torch import nn

from ...engine.checkpoint_match import knows_classes, load_matching, read_classes, unwrap_model
from ...engine.class_list import find_class_list
from ...engine.safe_loading import safe_loading
from ...models.detectors import BESTIE
from ...structures.class_lists import describe_difference
from ...visualization import draw_prediction
from ..configs import load_config
from ..devices import check_device, replace_sync_batch_norm
from ..display import check_display
from ..zoo.find import find_zoo_model, is_zoo_name, list_usable_models
from .inputs import InputsType, NewImage, check_inputs, count_images, iterate_images
from .output_folder import check_output_folder
from .pipelines import build_pipeline, describe_image, read_pipeline, reads_cams, resizes
from .reduction import enlarge_sample, reduce_image
from .results import ResultFolder, sample_to_dict
from .tags import find_tag_ids, keep_tags, set_mode
from .trained_model import TrainedModel, find_trained_model, is_checkpoint_name, makes_cams

WORKING_SIDE = 1024  # as tools/label_photos.py works
MIN_SCORE = 0.3  # mmdet's; scores of pseudo masks are relative to their image, so all of these count


class WSISInferencer(BaseInferencer):
    """Run a trained model on new images, for which no tags are needed.

    Detectors and BESTIE give instances, BESTIE and segmentors a semantic map, classifiers tags and CAMs, and IRNet and
    AffinityNet pseudo masks out of the CAMs of their classifier.

    Example:
        >>> inferencer = WSISInferencer('work_dirs/my_images')
        >>> result = inferencer('new.jpg', out_dir='out')['predictions'][0]
        >>> result['labels'], result['scores'], result['masks']

    Args:
        model: The folder of a run (that of ``tools/label_photos.py --out``, the work dir of a recipe or of one
            training), the name of a model of the zoo (docs/model_zoo.md), a config file, or a config.
        weights: Checkpoint; not needed with a folder or a name.
        classifier: For models that read CAMs: the inferencer, the folder, or the name of the classifier. With the
            folder of a recipe's stage, or a name where the classifier was published too, it is found.
        device: Device to run on; by default an accelerator, if there is one.
        tta: Whether images are looked at in several sizes and mirrored, as the config's ``tta_pipeline`` says. By
            default classifiers do so, as CAMs of one size are worse, and others do not.
        show_progress: Whether a bar shows how far it is.

    Attributes:
        classes: The class list.
        min_score: Instances of a lower score are neither drawn nor written, unless a call says otherwise.

    Raises:
        FileNotFoundError: If a file is missing, the folder holds no finished model, or no model has this name; one
            line.
        ValueError: If the checkpoint is not of the config or of another class list, a published one is damaged, a
            classifier is missing, or the device is not there; one line.
    """

    def __init__(
        self,
        model: str | Path | Config | ConfigDict | dict,
        weights: str | None = None,
        classifier: 'WSISInferencer | str | Path | None' = None,
        device: str | None = None,
        tta: bool | None = None,
        show_progress: bool = True,
    ) -> None:
        self._trained: TrainedModel | None = None
        if isinstance(model, (str, Path)) and os.path.isdir(model):
            self._trained = find_trained_model(model)
        elif isinstance(model, str) and weights is None and is_zoo_name(model):
            self._trained = find_zoo_model(model)
        if self._trained is not None:
            model, weights = self._trained.config, weights or self._trained.checkpoint
        if isinstance(model, (str, Path)):
            if is_checkpoint_name(str(model)):
                raise ValueError(f'{model} is a checkpoint: name its config, and the checkpoint as weights (--weights)')
            cfg = load_config(model)
        else:
            cfg = deepcopy(model) if isinstance(model, Config) else Config(deepcopy(dict(model)))
        if weights is None:
            raise ValueError(
                f'no weights for {model}: name its checkpoint as weights (--weights), or the folder of a training'
            )
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        self.tta = makes_cams(cfg) if tta is None else tta
        if self.tta:
            cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
        device = device or get_device()
        check_device(device)
        if device == 'cpu':
            replace_sync_batch_norm(cfg.model)
        self._weights = weights
        with safe_loading():
            super().__init__(cfg, weights, device, cfg.get('default_scope', 'mmdet'), show_progress)
        plain_detector = isinstance(self.model, BaseDetector) and not isinstance(self.model, BESTIE)
        self.min_score = MIN_SCORE if plain_detector else 0.0
        self.classifier = self._find_classifier(classifier, device) if reads_cams(cfg) else None

    @staticmethod
    def list_models(scope: str | None = None, patterns: str = '.*') -> list[str]:
        """Return the names that can be used: models of the folder that WSIS_ZOO names, and of the model index.

        Args:
            scope: Not used; mmengine's function has it.
            patterns: Regular expression that a name begins with.
        """
        return [name for name in list_usable_models() if re.match(patterns, name)]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class list."""
        return tuple(self.model.dataset_meta['classes'])

    def __call__(
        self,
        inputs: InputsType,
        batch_size: int = 1,
        tags: Sequence[str] | None = None,
        long_side: int | None = None,
        out_dir: str | Path = '',
        pred_score_thr: float | None = None,
        no_save_vis: bool = False,
        no_save_pred: bool = False,
        return_vis: bool = False,
        show: bool = False,
        wait_time: float = 0,
        return_datasamples: bool = False,
    ) -> dict[str, Any]:
        """Run the model on images.

        Args:
            inputs: A path, a folder, a URL, a video, the number of a camera, an array ``(H, W, 3)`` uint8 BGR, or a
                list of them.
            batch_size: How many images of equal size are looked at at once; the results do not depend on it.
            tags: Names of the classes that are in the images, where they are known: only these are found.
            long_side: Images are reduced to this many pixels on their longer side, and what was found is brought back
                to their own size. By default 1024, or, where the model's pipeline resizes images, what that says.
            out_dir: Folder to write to: ``vis/NAME.png``, ``semantic_masks/NAME.png``, ``cams/NAME.npz`` and
                ``instances.json`` (COCO), as far as the model gives them. Nothing is written by default. The folder of
                a run, and one among the photos, is refused.
            pred_score_thr: Instances of a lower score are neither drawn nor written; see ``min_score``.
            no_save_vis: Whether no pictures are written to ``out_dir``.
            no_save_pred: Whether only pictures are written to ``out_dir``.
            return_vis: Whether to return pictures.
            show: Whether a window shows each picture.
            wait_time: Seconds that the window stays; 0 is until a key is hit.
            return_datasamples: Whether predictions are data samples instead of dicts.

        Returns:
            ``predictions``: one per image, see :func:`~projects.wsis.apis.inference.results.sample_to_dict`;
            ``visualization``: pictures ``(H, W, 3)`` uint8 RGB, or None; ``classes``: the class list.
        """
        folder = ResultFolder(Path(out_dir), self.classes) if str(out_dir) else None
        if folder and not (no_save_vis and no_save_pred):
            check_output_folder(out_dir, inputs)
        drawing = dict(draw=return_vis or show or bool(folder and not no_save_vis), show=show, wait_time=wait_time)
        score = self.min_score if pred_score_thr is None else pred_score_thr
        predictions, pictures = [], []
        found = self.iterate(inputs, batch_size, tags, long_side, pred_score_thr=score, **drawing)
        if self.show_progress:
            found = track(found, 'Inference', total=count_images(inputs))
        for image, sample, picture in found:
            predictions += self.postprocess([image], [sample], return_datasamples)
            if folder and not no_save_vis:
                folder.add_picture(image.name, picture)
            if folder and not no_save_pred:
                result = sample_to_dict(image.name, sample) if return_datasamples else predictions[-1]
                folder.add(result, image.file_name, score)
            if return_vis:
                pictures.append(picture)
        if folder:
            folder.finish()
        return dict(predictions=predictions, visualization=pictures if return_vis else None, classes=self.classes)

    def iterate(
        self,
        inputs: InputsType,
        batch_size: int = 1,
        tags: Sequence[str] | None = None,
        long_side: int | None = None,
        pred_score_thr: float | None = None,
        draw: bool = False,
        show: bool = False,
        wait_time: float = 0,
    ) -> Iterator[tuple[NewImage, DetDataSample, np.ndarray | None]]:
        """Yield each image with its data sample and picture, so that a long video needs no memory; see ``__call__``.

        Args:
            draw: Whether pictures are drawn; else they are None.

        Raises:
            FileNotFoundError, ValueError: If inputs are missing, or pictures are to be shown and cannot be; nothing
                has been run then.
        """
        if show:
            check_display()
        check_inputs(inputs)
        ids = None if tags is None else find_tag_ids(tags, self.classes)
        for images, samples in self._run(inputs, batch_size, ids, long_side):
            pictures = self.visualize(images, samples, draw, show, wait_time, pred_score_thr)
            yield from zip(images, samples, pictures)

    def _run(
        self, inputs: InputsType, batch_size: int, tags: Sequence[int] | None, long_side: int | None
    ) -> Iterator[tuple[list[NewImage], list[DetDataSample]]]:
        """Yield batches of images with the samples of their own sizes."""
        for batch in self.preprocess(inputs, batch_size, tags, long_side):
            samples = self.forward(batch, tags)
            for image, sample in zip(batch['images'], samples):
                enlarge_sample(sample, image.pixels.shape[:2])
            yield batch['images'], samples

    def preprocess(
        self,
        inputs: InputsType,
        batch_size: int = 1,
        tags: Sequence[int] | None = None,
        long_side: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield batches: ``images``, ``data`` for the model, and ``classifier_data`` where a classifier is asked first.

        Args:
            inputs: See ``__call__``.
            batch_size: At most so many images of equal size make a batch.
            tags: 0-based class ids, where they are known.
            long_side: See ``__call__``.
        """
        for name, number in dict(batch_size=batch_size, long_side=long_side).items():
            if number is not None and number < 1:
                raise ValueError(f'{name} is a number from 1, not {number}')
        images = iterate_images(inputs)
        while chunk := list(itertools.islice(images, batch_size)):
            for _, group in itertools.groupby(chunk, lambda image: image.pixels.shape):
                own = list(group)
                reduced = [reduce_image(image, long_side or self.long_side) for image in own]
                batch = dict(images=own, data=self._collate(reduced, tags))
                if self.classifier is not None:
                    batch['classifier_data'] = self.classifier._collate(reduced, tags)
                yield batch

    def _collate(self, images: Sequence[NewImage], tags: Sequence[int] | None) -> Any:
        return self.collate_fn([self.pipeline(describe_image(image, tags, len(self.classes))) for image in images])

    @torch.no_grad()
    def forward(self, inputs: dict[str, Any], tags: Sequence[int] | None = None) -> list[DetDataSample]:
        """Return the samples of a batch of :meth:`preprocess`."""
        restricted = set_mode(self.model, tags)
        if self.classifier is None:
            samples = self.model.test_step(inputs['data'])
            return samples if restricted or tags is None else [keep_tags(sample, tags) for sample in samples]
        found = self.classifier.forward(dict(data=inputs['classifier_data']), tags)
        for sample, cams in zip(inputs['data']['data_samples'], found):
            sample.cams = cams.pred_cams
        samples = self.model.test_step(inputs['data'])
        for sample, cams in zip(samples, found):
            sample.pred_cams, sample.pred_scores = cams.pred_cams, cams.pred_scores
        return samples

    def visualize(
        self,
        images: Sequence[NewImage],
        samples: Sequence[DetDataSample],
        draw: bool = False,
        show: bool = False,
        wait_time: float = 0,
        pred_score_thr: float | None = None,
    ) -> list[np.ndarray | None]:
        """Draw what was found, and show it if asked; see :func:`check_display`."""
        if not draw:
            return [None] * len(images)
        score = self.min_score if pred_score_thr is None else pred_score_thr
        pictures = []
        for image, sample in zip(images, samples):
            pixels = np.ascontiguousarray(image.pixels[..., ::-1])
            picture = draw_prediction(pixels, sample, self.classes, score)
            pictures.append(pixels if picture is None else picture)
            if show:
                self.visualizer.show(pictures[-1], win_name=image.name, wait_time=wait_time)
        return pictures

    def postprocess(
        self, images: Sequence[NewImage], samples: Sequence[DetDataSample], return_datasamples: bool = False
    ) -> list[Any]:
        """Return predictions: data samples, or dicts of them."""
        if return_datasamples:
            return list(samples)
        return [sample_to_dict(image.name, sample) for image, sample in zip(images, samples)]

    def _init_pipeline(self, cfg: Config) -> Compose:
        steps = read_pipeline(cfg, self.tta)
        self.long_side = None if resizes(steps) else WORKING_SIDE
        return build_pipeline(steps)

    def _init_collate(self, cfg: Config) -> Callable:
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> Visualizer:
        settings = {**(cfg.get('visualizer') or dict(type='WSISLocalVisualizer')), 'vis_backends': None}
        return VISUALIZERS.build({**settings, 'name': f'inferencer_{id(self)}'})

    def _load_weights_to_model(self, model: nn.Module, checkpoint: dict | None, cfg: Config) -> None:
        """Load the checkpoint, and take the class list from it, or else from the config."""
        bare = unwrap_model(model)
        misfit = load_matching(bare, checkpoint, training=False)
        if misfit.count:
            raise ValueError(misfit.describe(self._weights, type(bare).__name__))
        needed = find_class_list(cfg, training=True) or find_class_list(cfg, training=False)
        made_for = read_classes(checkpoint)
        if not (made_for or needed):
            raise ValueError(f'neither checkpoint {self._weights} nor its config says which classes it knows')
        difference = made_for and needed and knows_classes(bare) and describe_difference(made_for, needed)
        if difference:
            raise ValueError(
                f'checkpoint {self._weights} was trained for {difference}; name the config that it was trained with'
            )
        model.dataset_meta = dict(classes=tuple(made_for or needed))

    def _find_classifier(self, classifier: 'WSISInferencer | str | Path | None', device: str) -> 'WSISInferencer':
        if classifier is None and self._trained is not None:
            classifier = self._trained.find_classifier()
        if classifier is None:
            raise ValueError(
                f'{type(self.model).__name__} makes its masks from CAMs: give the classifier that makes them as '
                'classifier=, or the folder of this stage in the work dir of its recipe'
            )
        if not isinstance(classifier, WSISInferencer):
            classifier = WSISInferencer(classifier, device=device, show_progress=False)
        if not makes_cams(classifier.cfg):
            raise ValueError(f'{type(unwrap_model(classifier.model)).__name__} is not a classifier that makes CAMs')
        if difference := describe_difference(classifier.classes, self.classes):
            print_log(
                f'the classifier was trained for {difference}; its class list is used', 'current', logging.WARNING
            )
            self.model.dataset_meta = dict(classes=classifier.classes)
        return classifier
