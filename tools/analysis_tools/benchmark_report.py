"""Measure the report on a run of many photos: time to build, size, and time to the first picture in a browser.

The run is made of a finished one, whose photos, CAMs, labels and masks are linked under new names until there are
enough; its models are not run. The browser is a headless Chromium, which selenium (requirements/tests.txt) drives.

Example:
    python tools/analysis_tools/benchmark_report.py work_dirs/demo --photos 400 5000
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.report import ReportOptions, write_report  # noqa: E402
from projects.wsis.inspection.report.run_folder import read_run  # noqa: E402
from projects.wsis.inspection.report.sources import Sources, find_sources  # noqa: E402
from projects.wsis.structures import PseudoLabelStore, link_file, write_json  # noqa: E402

MASKS = dict(seg_map_path='SegmentationClass', instance_map_path='SegmentationObject')
# runs in the page before it is read: notes when the first picture has been decoded
WATCH = """document.addEventListener('load', (event) => {
  if (event.target.tagName === 'IMG') window.firstPicture ??= performance.now();
}, true);"""
FLAGS = ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1400,1000')


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Measure the report of a run on more photos than it has')
    parser.add_argument('work_dir', help='a finished run whose photos are repeated')
    parser.add_argument('--photos', type=int, nargs='+', default=[400, 5000], help='(default: 400 5000)')
    parser.add_argument('--layers', type=int, default=400, help='photos that have all layers (default: 400)')
    parser.add_argument('--processes', type=int, help='processes that look at photos at once (default: one a core)')
    return parser


def link_run(sources: Sources, count: int, folder: Path) -> Path:
    """Make a run of ``count`` photos out of links to those of another one; return its work dir."""
    work, tags = folder / 'work', {}
    stores = dict(cams=sources.cams, pseudo_labels=sources.labels and sources.labels.instances)
    made = {stage: start_store(work / stage, store, sources.classes) for stage, store in stores.items() if store}
    for number in range(count):
        info = sources.photos[number % len(sources.photos)]
        name = f'{number:05d}{Path(info["img_path"]).suffix}'
        link_file(info['img_path'], folder / 'photos' / name)
        tags[name] = [sources.classes[tag] for tag in info['tags']]
        for key, place in MASKS.items():
            if key in info:
                link_file(info[key], folder / place / f'{name}.png')
        for stage, store in made.items():
            link_file(stores[stage].path_of(info['img_id']), store.path_of(name))
    write_json(folder / 'tags.json', tags)
    for stage in made:
        describe_stage(work / stage, folder, sources.classes)
    return work


def start_store(stage: Path, source: PseudoLabelStore, classes: tuple[str, ...]) -> PseudoLabelStore:
    """Open a store like another one in the folder of a stage."""
    store = PseudoLabelStore(stage / source.artifact, source.artifact, source.suffix)
    store.start({}, classes)
    return store


def describe_stage(stage: Path, folder: Path, classes: tuple[str, ...]) -> None:
    """Write the config and the record of a stage."""
    dataset = dict(
        type='PhotoTagDataset',
        data_root=str(folder / 'photos'),
        metainfo=dict(classes=classes),
        tags_file=str(folder / 'tags.json'),
        data_prefix=dict(zip(('sem_seg', 'instance'), (str(folder / place) for place in MASKS.values()))),
    )
    (stage / 'config.py').write_text(f'label_dataset = {dataset!r}\n', encoding='utf-8')
    write_json(stage / 'stage.json', dict(name=stage.name, action='predict', complete=True))


@contextmanager
def open_browser() -> Iterator[Any]:
    """Yield a headless Chromium; None where there is none.

    Without a driver on the path selenium would look for one in the network.
    """
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if not (chromium and shutil.which('chromedriver')):
        yield None
        return
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    settings = webdriver.ChromeOptions()
    settings.binary_location = chromium
    for flag in FLAGS:
        settings.add_argument(flag)
    with webdriver.Chrome(options=settings, service=Service(shutil.which('chromedriver'))) as browser:
        yield browser


def time_first_picture(page: Path) -> str:
    """Return the seconds from opening the page until its first picture is decoded, and until all of it is read."""
    with open_browser() as browser:
        if browser is None:
            return 'no Chromium'
        from selenium.webdriver.support.wait import WebDriverWait

        browser.execute_cdp_cmd('Page.addScriptToEvaluateOnNewDocument', dict(source=WATCH))
        browser.get(page.as_uri())
        first = WebDriverWait(browser, 60).until(lambda _: browser.execute_script('return window.firstPicture'))
        whole = browser.execute_script("return performance.getEntriesByType('navigation')[0].loadEventStart")
    return f'{first / 1000:.2f} s, all read after {whole / 1000:.2f} s'


def main() -> None:
    """Measure."""
    arguments = build_parser().parse_args()
    with report_errors():
        sources = replace(find_sources(read_run(arguments.work_dir)), predictions=None)
        for count in arguments.photos:
            with tempfile.TemporaryDirectory() as folder:
                work = link_run(sources, count, Path(folder))
                options = ReportOptions(layers=arguments.layers, run_models=False, processes=arguments.processes)
                began = time.monotonic()
                page = write_report(work, options)
                built = time.monotonic() - began
                size = page.stat().st_size / 1e6
                first = time_first_picture(page)
            print(f'{count} photos: built in {built:.1f} s, {size:.1f} MB; first picture after {first}', flush=True)


if __name__ == '__main__':
    main()
