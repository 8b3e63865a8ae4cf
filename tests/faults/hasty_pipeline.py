"""Stands for tools/pipeline.py in tests of the trials: one stage of eight labels, in a second, and badly if told so."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

behaviour = Path('../behaviour.txt').read_text()
stage = Path('work/cams')
resumed = stage.is_dir()
(stage / 'run').mkdir(parents=True, exist_ok=True)
(stage / 'run/run.log').touch()
store = stage / 'store'
store.mkdir(exist_ok=True)
if behaviour == 'outlives':
    subprocess.Popen(['sleep', '30'])
if behaviour == 'fails to resume' and resumed:
    print('error: no way on')
    sys.exit(1)
for number in range(8):
    path, text = store / f'{number}.json', json.dumps(dict(number=number, of='other' if resumed else 'first'))
    if behaviour != 'differs':
        text = text.replace('other', 'first')
    if behaviour == 'writes in halves':
        path.write_text(text[:8])
        time.sleep(0.1)
        path.write_text(text)
        continue
    time.sleep(0.1)
    if not path.exists() or behaviour == 'differs':
        temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
        temporary.write_text(text)
        temporary.rename(path)
content = b''.join(path.read_bytes() for path in sorted(store.glob('[0-9].json')))
manifest = dict(artifact='cams', complete=True, count=8, files_hash=hashlib.sha256(content).hexdigest())
(store / 'manifest.json').write_text(json.dumps(manifest))
(stage / 'stage.json').write_text(json.dumps(dict(complete=True), indent=2))
