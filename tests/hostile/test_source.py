"""What the source never does: run text or a shell, unpickle, install; and the few files that can reach the network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = 'tools/misc/setup_environment.py'  # installs; it is no part of any run
FILES = sorted(path for folder in ('projects', 'tools') for path in (ROOT / folder).rglob('*.py'))
FORBIDDEN_CALLS = {
    *('eval', 'exec', 'compile', '__import__', 'os.system', 'os.popen'),
    *('pickle.load', 'pickle.loads', 'pickle.Unpickler', 'dill.load', 'joblib.load', 'marshal.loads', 'shelve.open'),
    *('yaml.load', 'yaml.unsafe_load', 'yaml.full_load', 'pandas.read_pickle'),
    *('subprocess.getoutput', 'subprocess.getstatusoutput', 'torch.jit.load', 'torch.hub.load'),
}
# what opens a connection, and who may: weights and data sets that a user asks for by name or address
NETWORK = {'urllib.request', 'requests', 'http.client', 'httpx', 'ftplib', 'huggingface_hub'}
NETWORK |= {'torch.hub.download_url_to_file', 'mmengine.fileio.get', 'mmengine.fileio.get_file_backend'}
NETWORK_FILES = {
    'projects/wsis/apis/inference/inputs.py',
    'projects/wsis/engine/safe_checkpoint.py',
    'projects/wsis/labelling/weights.py',
    'projects/wsis/structures/download.py',
}
# a pair between two processes of its own; the nodes of a recipe, which tell each other names of stages; and a port of
# this machine that is free
SOCKET_FILES = {
    'projects/wsis/recipes/script_server.py',
    'projects/wsis/recipes/node_group.py',
    'projects/wsis/recipes/process_group.py',
}
# as the first argument of a flag that must hold
REQUIRED = {
    'torch.load': ('weights_only', True),
    'numpy.load': ('allow_pickle', False),
    'np.load': ('allow_pickle', False),
}


def name_of(node: ast.expr) -> str:
    """Return the dotted name that is called, as far as it is one."""
    if isinstance(node, ast.Attribute):
        return f'{name_of(node.value)}.{node.attr}'
    return node.id if isinstance(node, ast.Name) else ''


def find_faults(text: str) -> Iterator[str]:
    """Yield what a module does that it must not, with the line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from (f'line {node.lineno}: {fault}' for fault in find_call_faults(node))


def find_call_faults(node: ast.Call) -> Iterator[str]:
    name, flags = name_of(node.func), {word.arg: word.value for word in node.keywords}
    if name in FORBIDDEN_CALLS:
        yield f'{name}()'
    if 'shell' in flags and not (isinstance(flags['shell'], ast.Constant) and flags['shell'].value is False):
        yield f'{name}(shell=...)'
    if name in REQUIRED:
        flag, value = REQUIRED[name]
        if not (isinstance(flags.get(flag), ast.Constant) and flags[flag].value is value):
            yield f'{name}() without {flag}={value}'
    words = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    if name.startswith('subprocess.') and 'pip' in words:
        yield f'{name}() of pip'


def find_imports(text: str) -> set[str]:
    """Return the modules that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f'{node.module}.{alias.name}' for alias in node.names}
    return found


@pytest.mark.parametrize(
    'text',
    [
        'eval(text)',
        'os.system(command)',
        'subprocess.run(command, shell=True)',
        'subprocess.run(command, shell=flag)',
        'torch.load(path)',
        'torch.load(path, weights_only=False)',
        'np.load(path)',
        'pickle.load(file)',
        'subprocess.run([python, "-m", "pip", "install", name])',
    ],
)
def test_the_check_finds(text):
    assert list(find_faults(text))


def test_source_runs_no_text_and_unpickles_nothing():
    assert len(FILES) > 250
    faults = {path.relative_to(ROOT).as_posix(): list(find_faults(path.read_text(encoding='utf-8'))) for path in FILES}
    faults.pop(SETUP)
    assert {name: found for name, found in faults.items() if found} == {}


def test_few_files_can_reach_the_network():
    imports = {path.relative_to(ROOT).as_posix(): find_imports(path.read_text(encoding='utf-8')) for path in FILES}
    reaching = {name for name, found in imports.items() if found & NETWORK}
    assert reaching - {SETUP} == NETWORK_FILES
    assert {name for name, found in imports.items() if 'socket' in found} - {SETUP} == SOCKET_FILES


def test_onnx_is_read_by_one_tool():
    reading = set()
    for path in FILES:
        names = find_imports(path.read_text(encoding='utf-8'))
        if {name.split('.')[0] for name in names} & {'onnx', 'onnxruntime'} or 'torch.onnx' in names:
            reading.add(path.relative_to(ROOT).as_posix())
    assert reading == {'tools/dataset_converters/onnx_saliency.py'}
