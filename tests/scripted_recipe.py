"""A recipe for tests: its stages are scripts that take no time, all else of it is real."""

import sys
import textwrap
from pathlib import Path

from projects.wsis.recipes.recipe import Recipe

STAGES = [
    dict(name='classifier', action='train', config='cam.py', number='mAP'),
    dict(name='cams', action='predict', config='cam.py', checkpoint='classifier', number='mIoU'),
    dict(name='irnet', action='train', config='irnet.py', options={'data.cams': '{cams}/cams'}),
    dict(
        name='pictures',
        action='tool',
        tool='draw.py',
        arguments=['--checkpoint', '{irnet.checkpoint}', '--out', '{work_dir}/pictures/sheet.png'],
    ),
]
NAMES = [stage['name'] for stage in STAGES]
# What a stage does here: train writes a checkpoint, predict a store, a tool a picture; all write what they were given.
SCRIPT = textwrap.dedent("""
    import json, pathlib, sys
    action, folder, behaviour, *given = sys.argv[1:]
    folder = pathlib.Path(folder)
    print('Epoch(train)  [1][1/2]  lr: 1e-3  eta: 0:00:01  time: 1')
    text = json.dumps(given)
    if behaviour == 'fail':
        print('Traceback (most recent call last):'); print('error: photo a.jpg is broken')
        sys.exit(1)
    if behaviour == 'crash':
        print('ZeroDivisionError: division by zero'); sys.exit(3)
    if action == 'train':
        resumed = (folder / 'epoch_1.pth').is_file()
        (folder / 'epoch_1.pth').write_text(text + behaviour)
        (folder / 'log.txt').open('a').write('resumed ' if resumed else 'started ')
    if action == 'predict':
        (folder / 'cams').mkdir(exist_ok=True)
        manifest = dict(artifact='cams', complete=True, lineage=text + behaviour)
        (folder / 'cams' / 'manifest.json').write_text(json.dumps(manifest))
    if action == 'tool':
        (folder / 'sheet.png').write_text(text)
    (folder / 'metrics.json').write_text(json.dumps(dict(mAP=60.5, mIoU=40.25)))
""")


class ScriptedRecipe(Recipe):
    """A pipeline whose commands are replaced by a short script; all else is real."""

    behaviours: dict[str, str] = {}

    def _forks_stages(self):
        return False  # a process that has imported everything takes seconds to start

    def _command(self, stage):
        command = super()._command(stage)
        given = [part.replace(str(self.work_dir), 'WORK') for part in command[2:]]
        (self.work_dir / 'ran.txt').open('a').write(f'{stage.name} ')
        folder = str(self.work_dir / stage.name)
        return [sys.executable, '-c', SCRIPT, stage.action, folder, self.behaviours.get(stage.name, 'work'), *given]


def ran(folder: Path) -> list[str]:
    """Return the stages that ran since the last question."""
    note = folder / 'work' / 'ran.txt'
    names = note.read_text().split() if note.exists() else []
    note.unlink(missing_ok=True)
    return names


def aside(folder: Path) -> list[str]:
    """Return the stages that were set aside."""
    return sorted(path.name.split('-')[0] for path in (folder / 'work' / '.previous').glob('*'))
