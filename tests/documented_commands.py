"""Commands that the documentation tells, and whether the tools take them: scripts, options, configs and settings."""

import argparse
import contextlib
import importlib.util
import inspect
import io
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from types import ModuleType
from typing import Any
from unittest import mock

from markdown_blocks import join_lines, read_blocks
from mmengine import registry
from mmengine.config import Config
from tiny_chain.processes import ROOT

from projects.wsis.apis.configs import READ_BY_TOOLS, apply_options, load_config
from projects.wsis.recipes.stage import read_stages

PAGES = ('README*.md', 'CONTRIBUTING.md', 'configs/*/README.md', 'docs/**/*.md', 'demo/*.md')
SHELL_LANGUAGES = ('shell', 'bash', 'sh', 'console')
#: What is no program, but the shell itself.
SHELL_OWN = ('cd', 'export', 'source', '.', 'mkdir', 'ls', 'ln')
#: What a command begins with; in a block of no language all else is output.
PROGRAMS = r'(?:[A-Z_]+=\S+ )*(?:bash )?(?:python3?|make|pip|mim|\S*bin/\S+|tools/\S+\.(?:py|sh)|demo/\S+\.py) '
INLINE = re.compile(rf'`({PROGRAMS}[^`]+)`', re.MULTILINE)
#: A line that sets a variable for those below it.
ASSIGNMENT = re.compile(r'(?P<name>[A-Z]+)=(?P<value>"[^"]*"|\S*)')
#: Words that stand for a number; other words in capitals stand for files and names, which parsers take.
NUMBERS = dict(N='2', GPUS='2', SEED='0')
#: What a parser says where something is left out.
INCOMPLETE = re.compile('arguments are required|expected (one|at least one) argument')
#: Settings that a config need not have to be asked for them.
OPTIONAL_SETTINGS = (
    *READ_BY_TOOLS,
    'channels_last',
    'keep_freed_memory',
    'load_from',
    'randomness',
    'work_dir',
)
#: Shell scripts: the tool that each calls, and which of their own arguments they do not hand on.
SHELL_SCRIPTS = {
    'tools/dist_train.sh': ('tools/train.py', (1,)),
    'tools/dist_test.sh': ('tools/test.py', (2,)),
    'tools/slurm_train.sh': ('tools/train.py', (0, 1, 3)),
    'tools/slurm_test.sh': ('tools/test.py', (0, 1)),
}
REGISTRIES = (registry.MODELS, registry.DATASETS, registry.TRANSFORMS, registry.METRICS, registry.HOOKS)


@dataclass(frozen=True)
class Command:
    """A documented command.

    Attributes:
        page: The page below the repository.
        line: Where the page tells it.
        text: It as the page has it, without comments.
        is_part: Whether the text only speaks of a tool and some options, and leaves out what else it needs.
    """

    page: str
    line: int
    text: str
    is_part: bool = False

    @property
    def words(self) -> list[str]:
        """Its words, without variables before it, brackets around what may be left out, and where its output goes."""
        text = re.sub(r' \d?> ?\S+', '', re.sub(r'\[(--[^\]]*)\]', r'\1', self.text))
        try:
            words = shlex.split(text)
        except ValueError:  # a quotation mark without the other: no tool will take it, which is told then
            words = text.split()
        words = [NUMBERS.get(word, word) for word in words if word not in ('...', '…', '$')]
        while words and re.fullmatch(r'[A-Z_]+=.*', words[0]):
            words.pop(0)
        return words[1:] if words[:1] == ['bash'] else words

    @property
    def is_python(self) -> bool:
        """Whether it calls Python."""
        return Path(self.words[0]).name in ('python', 'python3') and len(self.words) > 1

    @property
    def tool(self) -> str:
        """What it runs: the script below the repository, `make TARGET`, or the program."""
        words = self.words
        if words[0] == 'make':
            return ' '.join(words[:2])
        script = words[1] if self.is_python else words[0]
        return script if script != '-m' else ' '.join(words[:3])

    def __str__(self) -> str:
        return f'{self.page}:{self.line}: {self.text}'


def collect_commands() -> list[Command]:
    """Return the commands of all pages, in blocks and in the text."""
    pages = sorted({path for pattern in PAGES for path in ROOT.glob(pattern) if '_build' not in path.parts})
    return [command for page in pages for command in read_commands(page)]


def read_commands(page: Path) -> Iterator[Command]:
    """Yield the commands of a page."""
    name, prose = page.relative_to(ROOT).as_posix(), page.read_text(encoding='utf-8')
    for block in read_blocks(page):
        prose = prose.replace(block.text, '\n' * block.text.count('\n'))
        lines = [] if block.file else fill_variables(join_lines(block.text))
        for text in (text for line in lines for text in re.split(r' (?:&&|;|\|) ', line)):
            if block.language in SHELL_LANGUAGES or (not block.language and re.match(PROGRAMS, text)):
                command = Command(name, block.line, text)
                if command.words and command.words[0] not in SHELL_OWN:
                    yield command
    for match in INLINE.finditer(prose):
        text = ' '.join(match[1].split())
        yield Command(name, prose.count('\n', 0, match.start()) + 1, text, is_part=text.startswith(('tools/', 'demo/')))


def fill_variables(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a block with the values of the variables that earlier lines set."""
    values: dict[str, str] = {}
    for line in lines:
        if match := ASSIGNMENT.fullmatch(line):
            values[match['name']] = match['value'].strip('"')
        else:
            yield Template(line).safe_substitute(values)


def find_problems(command: Command) -> list[str]:
    """Return what is wrong with a command, a line each."""
    words = command.words
    if words[0] == 'make':
        targets = {word for word in words[1:] if '=' not in word}
        return [f'the Makefile has no target {target}' for target in sorted(targets - read_targets())]
    script, arguments = command.tool, words[2 if command.is_python else 1 :]
    if script in SHELL_SCRIPTS:
        script, left_out = SHELL_SCRIPTS[script]
        arguments = [word for index, word in enumerate(arguments) if index not in left_out]
    if not script.startswith(('tools/', 'demo/')):
        return []
    if not (ROOT / script).is_file():
        return [f'{script} does not exist']
    parsed = parse(script, arguments)
    if isinstance(parsed, str):
        return [] if command.is_part and INCOMPLETE.search(parsed) else [parsed]
    problems = [f'{word} does not exist' for word in arguments if is_missing(word, ROOT / command.page)]
    return problems or check_configs(vars(parsed))


@cache
def read_targets() -> frozenset[str]:
    """Return the targets of the Makefile."""
    return frozenset(re.findall(r'^([\w-]+):(?!=)', (ROOT / 'Makefile').read_text(), re.MULTILINE))


def is_missing(word: str, page: Path) -> bool:
    """Return whether a word names a file of the repository that does not exist and that the page does not write."""
    parts = Path(word).parts
    if len(parts) < 2 or parts[0] not in ('configs', 'tools', 'demo', 'projects', 'tests', 'requirements'):
        return False
    return not (ROOT / word).exists() and word not in {block.file for block in read_blocks(page)}


@cache
def load_tool(script: str) -> ModuleType:
    """Import a tool without running it."""
    spec = importlib.util.spec_from_file_location(f'documented_{Path(script).stem}', ROOT / script)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.object(sys, 'path', [str((ROOT / script).parent), str(ROOT / 'tools'), *sys.path]):
        spec.loader.exec_module(module)
    return module


class ParsedError(Exception):
    """Stops a tool as soon as its own parser has read its arguments, which it carries."""


def parse(script: str, arguments: list[str]) -> argparse.Namespace | str:
    """Let the parser of a tool read arguments, and return what it says: what it has read, or what is wrong."""
    original = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, *args: Any, **kwargs: Any) -> None:
        raise ParsedError(original(parser, *args, **kwargs))

    module, errors = load_tool(script), io.StringIO()
    with (
        mock.patch.object(argparse.ArgumentParser, 'parse_args', stop),
        mock.patch.object(sys, 'argv', [script, *arguments]),
        contextlib.redirect_stderr(errors),
    ):
        try:
            module.main()
        except ParsedError as parsed:
            return parsed.args[0]
        except SystemExit:
            return (errors.getvalue().strip() or 'this shows help only').splitlines()[-1]
    return f'{script} has no parser'


def check_configs(arguments: Mapping[str, Any]) -> list[str]:
    """Look for the stages and settings that arguments name in the configs that they name; return what is wrong.

    That each config loads, and fits any data set, is for ``test_configs.py``.
    """
    values = [value for value in arguments.values() if value is not None]
    words = [word for value in values for word in (value if isinstance(value, list) else [value])]
    configs = [word for word in words if isinstance(word, str) and word.startswith('configs/')]
    options = arguments.get('cfg_options') or {}
    stages = [name for name in (arguments.get('only'), arguments.get('start')) if name and not name.isupper()]
    problems: list[str] = []
    for config in configs:
        if '/recipes/' in config:
            problems += check_recipe(config, options, stages)
        elif '/_base_/' not in config:
            problems += check_options(config, options)
    return problems


@cache
def read(config: str) -> Config:
    """Return a config; not to be changed."""
    return load_config(config)


def check_recipe(config: str, options: Mapping[str, Any], names: list[str]) -> list[str]:
    """Return the stages that a recipe does not have, and the settings that none of its stages has."""
    if not options and not names:
        return []
    stages = {stage.name: stage.config for stage in read_stages(read(config))}
    problems = [f'{config} has no stage {name}' for name in names if name not in stages]
    for key, value in options.items():
        name, _, rest = key.partition('.')
        owners, own = ([stages[name]], rest) if name in stages else (list(stages.values()), key)
        if all(check_options(owner, {own: value}) for owner in owners if owner):
            problems.append(f'no stage of {config} has {key}')
    return problems


def check_options(config: str, options: Mapping[str, Any]) -> list[str]:
    """Return the settings that a config has no place for."""
    if not options:
        return []
    try:
        apply_options(deepcopy(read(config)), dict(options), config)
    except ValueError as error:
        return [str(error)]
    return [f'{config} has no {key}' for key in options if not has_place(read(config), key)]


def has_place(cfg: Config, key: str) -> bool:
    """Return whether a config has a setting, or the class of the part that it would be in takes one of this name."""
    node: Any = cfg
    for part in key.split('.'):
        if isinstance(node, (list, tuple)):
            if not part.isdigit() or int(part) >= len(node):
                return False
            node = node[int(part)]
        elif isinstance(node, Mapping | Config) and part in node:
            node = node[part]
        else:
            return part in OPTIONAL_SETTINGS if node is cfg else isinstance(node, Mapping) and takes(node, part, cfg)
    return True


def takes(settings: Mapping[str, Any], name: str, cfg: Config) -> bool:
    """Return whether the class that settings name has an argument of a name, its own or one of a base."""
    kind = settings.get('type')
    if isinstance(kind, str):
        scope = settings.get('_scope_') or cfg.get('default_scope') or 'mmdet'
        names = (kind, f'{scope}.{kind}')
        kind = next(filter(None, (found.get(name) for name in names for found in REGISTRIES)), None)
    return inspect.isclass(kind) and any(
        name in inspect.signature(base.__init__).parameters for base in kind.__mro__ if base is not object
    )
