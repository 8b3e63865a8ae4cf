"""The photos of a run, measured and drawn: all that the gallery of a report shows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ...structures import PseudoLabelStore
from ..parallel import map_jobs
from ..photo_choice import choose_photos
from .choice import choose_half_worst, known_measures, sort_worst_first
from .layers import TITLES, LayerJob, draw_layers
from .measures import Measure, PhotoMeasures, compare_photo, measure_photo
from .models import predict_photos, relate_photos
from .options import ReportOptions
from .run_folder import RunFolder
from .sources import Sources

FOLDER = 'report'  # below the work dir: what the models say of photos


@dataclass(frozen=True)
class Gallery:
    """What is known of the photos.

    Attributes:
        classes: The class list.
        photos: All photos of the gallery, those that look worst first.
        measures: By which they can be sorted, the one that tells most first.
        layers: Pictures of a photo by the keys of :data:`~projects.wsis.inspection.report.layers.TITLES`, for the
            photos that have some.
        labelled_by: Stage that made the pseudo labels; '' without.
        predicted_by: Stage whose model, or whose maps, are the predictions; '' without.
        total: How many photos the data set has.
        notes: What cannot be shown, a sentence each.
    """

    classes: tuple[str, ...]
    photos: list[PhotoMeasures]
    measures: list[Measure]
    layers: dict[str, dict[str, bytes]]
    labelled_by: str
    predicted_by: str
    total: int
    notes: list[str]

    def list_layers(self) -> dict[str, str]:
        """Return keys and titles of the layers that at least one photo has."""
        present = {key for pictures in self.layers.values() for key in pictures}
        return {key: title for key, title in TITLES.items() if key in present}


def make_gallery(run: RunFolder, sources: Sources, options: ReportOptions) -> Gallery:
    """Measure the photos, run the models on some of them, and draw the layers of these.

    Args:
        run: The run.
        sources: Where everything is.
        options: How much is shown.
    """
    shown, _ = choose_photos(options.photos, len(sources.photos), {})
    infos = {sources.photos[index]['img_id']: sources.photos[index] for index in shown}
    light = replace(sources, photos=())  # what goes to each process
    jobs = [(info, light, options.min_score) for info in infos.values()]
    photos = list(map_jobs(measure_photo, jobs, options.processes, 'report: photos measured'))
    chosen = choose_half_worst([photo for photo in photos if not photo.fault], options.layers)
    drawn = [info for name, info in infos.items() if name in chosen]
    maps, notes = None, []
    if options.run_models and drawn:
        light, maps = _run_models(run, light, drawn, options.processes, notes)
    if light.predictions is not sources.predictions:
        found = (light.labels, light.predictions, options.min_score, len(light.classes))
        jobs = [(photo, *found) for photo in photos]
        photos = list(map_jobs(compare_photo, jobs, options.processes, 'report: photos compared'))
    jobs = [LayerJob(info, light, maps, options.min_score, options.side) for info in drawn]
    pictures = map_jobs(draw_layers, jobs, options.processes, 'report: layers drawn')
    readable = [photo for photo in photos if photo.thumbnail]
    return Gallery(
        classes=sources.classes,
        photos=sort_worst_first(readable),
        measures=known_measures(readable),
        layers={info['img_id']: found for info, found in zip(drawn, pictures, strict=True)},
        labelled_by=light.labels.stage if light.labels else '',
        predicted_by=light.predictions.stage if light.predictions else '',
        total=len(sources.photos),
        notes=[*notes, *_describe_faults(photos)],
    )


def _run_models(
    run: RunFolder, sources: Sources, drawn: Sequence[Mapping[str, Any]], processes: int | None, notes: list[str]
) -> tuple[Sources, PseudoLabelStore | None]:
    """Run those models whose outputs the run has not kept; return the sources with predictions, and IRNet's maps."""
    maps, folder = None, run.work_dir / FOLDER
    if sources.predictor and sources.predictions is None:
        with _note_failure(f'{sources.predictor.stage} could not be run on the photos', notes):
            sources = replace(sources, predictions=predict_photos(sources, drawn, folder, processes))
    if sources.irnet and sources.cams:
        with _note_failure(f'{sources.irnet.stage} could not be run on the photos', notes):
            maps = relate_photos(sources, drawn, folder, processes)
    return sources, maps


@contextmanager
def _note_failure(what: str, notes: list[str]) -> Iterator[None]:
    """Let the report go on without what a model would add, and say so."""
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        notes.append(f'{what}: {" ".join(str(error).split())}')


def _describe_faults(photos: Sequence[PhotoMeasures]) -> list[str]:
    faults = [photo.fault for photo in photos if photo.fault]
    if not faults:
        return []
    return [f'Of {len(faults)} of {len(photos)} photos something cannot be shown (first: {faults[0]}).']
