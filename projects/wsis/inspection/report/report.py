"""Writing the report of a run: one HTML page that needs no network and no other file."""

import base64
import hashlib
import sys
import time
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ... import __version__
from ...apis.inference.trained_model import RECORD_NAME
from ...structures import write_atomically
from .class_table import count_classes
from .curves import draw_losses, read_losses
from .facts import chunk_layers, chunk_thumbnails, describe_gallery
from .gallery import Gallery, make_gallery
from .options import ReportOptions
from .run_folder import COMPLETE, RunFolder, StageFacts, read_run
from .sources import find_sources

PAGE_FOLDER = Path(__file__).resolve().parent / 'page'
TEMPLATE, STYLE = 'report.html', 'report.css'
SCRIPTS = ('data.js', 'layers.js', 'filters.js', 'cards.js', 'viewer.js', 'keys.js')


def write_report(folder: str | Path, options: ReportOptions | None = None, out: str | Path | None = None) -> Path:
    """Write the report of a run, also of one that is not finished; the page says what is missing.

    Args:
        folder: The work dir of a recipe, or what ``tools/label_photos.py`` was told as ``--out``.
        options: How much is shown.
        out: The page; by default ``report.html`` in the folder.

    Returns:
        The page.

    Raises:
        FileNotFoundError: If no recipe has run in the folder; one line.
    """
    options = options or ReportOptions()
    run = read_run(folder)
    gallery, fault = _try_gallery(run, options)
    page = Path(out) if out else run.page
    stream = _open_template().stream(**_describe(run, gallery, fault, options))
    stream.enable_buffering(16)
    write_atomically(page, lambda file: stream.dump(file, encoding='utf-8'))
    return page


def finish_with_report(folder: str | Path, options: ReportOptions | None = None) -> None:
    """End a run, or a part of one, with its report, and say where it is; one that is newer than the run is kept.

    Where the report fails the run is none the worse: a warning of one line says so.

    Args:
        folder: As of :func:`write_report`.
        options: How much is shown.
    """
    try:
        run = read_run(folder)
        page = run.page if _is_current(run) else write_report(folder, options)
        print(f'Report: {page}', flush=True)
    except Exception as error:  # whatever it is, the labels are made
        reason = ' '.join(str(error).split()) or type(error).__name__
        advice = f'python tools/analysis_tools/report.py {folder}'
        print(f'warning: no report was made ({reason}); to try again: {advice}', file=sys.stderr, flush=True)


def _is_current(run: RunFolder) -> bool:
    """Return whether the page was made after the last stage has begun or ended."""
    records = [path for stage in run.stages if (path := run.work_dir / stage.name / RECORD_NAME).is_file()]
    newest = max((path.stat().st_mtime_ns for path in records), default=0)
    return run.page.is_file() and newest < run.page.stat().st_mtime_ns <= time.time_ns()


def _try_gallery(run: RunFolder, options: ReportOptions) -> tuple[Gallery | None, str]:
    """Return the gallery, or why there is none."""
    try:
        sources = find_sources(run, options.data)
        if not sources.photos:
            return None, 'the data set has no tagged photo'
        return make_gallery(run, sources, options), ''
    except (ValueError, OSError) as error:
        return None, ' '.join(str(error).split())


def _open_template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(PAGE_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(decimal=_format_decimal, duration=_format_duration, thousands='{:,}'.format)
    return environment.get_template(TEMPLATE)


def _describe(run: RunFolder, gallery: Gallery | None, fault: str, options: ReportOptions) -> dict[str, Any]:
    """Return all that the template shows."""
    script = _read_script()
    classes = count_classes(gallery.photos, gallery.classes) if gallery else []
    losses = {stage.name: read_losses(run.work_dir / stage.name) for stage in run.stages}
    return dict(
        title=run.folder.name,
        version=__version__,
        stages=run.stages,
        unfinished=[stage for stage in run.stages if stage.status != COMPLETE],
        complete=COMPLETE,
        seconds=sum(stage.seconds for stage in run.stages),
        figures=_choose_figures(run.stages, gallery),
        curves={name: Markup(draw_losses(found, name)) for name, found in losses.items() if found},
        gallery=gallery,
        fault=fault,
        options=options,
        classes=classes,
        with_instances=bool(gallery) and any(photo.instances is not None for photo in gallery.photos),
        facts=describe_gallery(gallery, classes) if gallery else None,
        thumbnails=chunk_thumbnails(gallery) if gallery else iter(()),
        layers=chunk_layers(gallery) if gallery else iter(()),
        style=Markup((PAGE_FOLDER / STYLE).read_text(encoding='utf-8')),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii'),
    )


def _read_script() -> str:
    parts = [(PAGE_FOLDER / name).read_text(encoding='utf-8') for name in SCRIPTS]
    return "'use strict';\n(() => {\n" + '\n'.join(parts) + '})();\n'


def _choose_figures(stages: tuple[StageFacts, ...], gallery: Gallery | None) -> list[dict[str, str]]:
    """Return the few numbers that stand first: those of the labels and of the last stage, and what is counted."""
    measured = {stage.name: stage for stage in stages if stage.value is not None}
    names = [gallery.labelled_by] if gallery and gallery.labelled_by in measured else []
    names += [name for name in list(measured)[-1:] if name not in names]
    figures = [
        dict(value=_format_decimal(measured[name].value), title=measured[name].number, note=name) for name in names
    ]
    found = [photo.instances for photo in gallery.photos if photo.instances is not None] if gallery else []
    if found:
        empty = sum(not instances for instances in found)
        note = f'in {len(found) - empty:,} of {len(found):,} photos'
        figures.append(dict(value=f'{sum(map(len, found)):,}', title='pseudo instances', note=note))
    agreements = [photo.agreement for photo in gallery.photos if photo.agreement is not None] if gallery else []
    if agreements:
        note = f'mean of {len(agreements):,} photos, {gallery.predicted_by}'
        figures.append(dict(value=_format_decimal(fmean(agreements)), title='agreement with the prediction', note=note))
    return figures


def _format_decimal(value: float | None) -> str:
    return '' if value is None else f'{value:.1f}'


def _format_duration(seconds: float) -> str:
    hours, minutes = int(seconds) // 3600, int(seconds) // 60 % 60
    return f'{hours} h {minutes:02d} min' if hours else f'{minutes} min {int(seconds) % 60:02d} s'
