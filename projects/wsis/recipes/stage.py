"""One stage of a recipe: what it does, which settings it overrides, and what decides its result."""

import inspect
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ..apis.batch_size import describe_indivisible, find_nearest_batch
from ..apis.configs import ITERATIONS, find_config, load_config
from ..structures import printable
from .stage_data import describe_data, describe_path

ACTIONS = ('train', 'predict', 'tool')
# of a stage in a recipe, and of which types they are
TEXTS = ('arguments', 'reads', 'file_options')
STAGE_ENTRIES = dict.fromkeys(('name', 'action', 'config', 'checkpoint', 'tool', 'number'), str)
STAGE_ENTRIES |= dict(options=dict, arguments=(list, tuple), reads=(list, tuple), file_options=(list, tuple))
# Settings of a config that do not decide what its stage makes. How long it trains decides, and is among its options.
NO_DIFFERENCE = (
    'work_dir',
    'launcher',
    'filename',
    'cpu_seconds',
    'mixed_precision_by_default',
    'most_counted_photos',
)
HOOKS_WITHOUT_DIFFERENCE = ('fold_norms', 'warm_up_length')
PLACEHOLDER = re.compile(r'\{(\w+)(\.checkpoint)?\}')
PHOTO_FOLDER = '{photo_folder}'


class RecipeError(ValueError):
    """A recipe that cannot continue; the message is one clear line."""


class StageError(RecipeError):
    """A stage that has failed, after others may have finished."""


class Stage:
    """One stage of a pipeline.

    Args:
        name: Name, also of its folder in the work dir.
        action: ``train`` (tools/train.py), ``predict`` (tools/test.py) or ``tool`` (another script of tools/).
        config: Config of ``train`` and ``predict``.
        checkpoint: Stage whose checkpoint ``predict`` loads.
        options: Settings of the config to override. In values ``{stage}`` stands for the folder of another stage and
            ``{stage.checkpoint}`` for its checkpoint; the stages named so are the inputs. In a recipe, those of a tool
            are further ``arguments`` (see :func:`write_arguments`; ``@name`` is no config there), and ``file_options``
            names those of them whose values are files that it ``reads``.
        tool: Script below tools/, for ``tool``.
        reads: Folders and files that the tool reads; the stage is run again when they have changed.
        arguments: Its arguments, with the same placeholders; ``{work_dir}`` is the pipeline's folder. In a recipe,
            ``@name`` is the config of this short name, and ``{photo_folder}``, as in ``reads``, where the data set has
            its images.
        takes_data: Whether the tool has an option ``--data`` for the file of the data set.
        number: The metric that stands for the stage in the table.
        expected: The value of it to expect.
        data: File that describes the data set, instead of those of the configs.
    """

    def __init__(
        self,
        name: str,
        action: str,
        config: str | None = None,
        checkpoint: str | None = None,
        options: dict[str, Any] | None = None,
        tool: str | None = None,
        arguments: Sequence[str] = (),
        reads: Sequence[str] = (),
        takes_data: bool = False,
        number: str | None = None,
        expected: float | None = None,
        data: str | None = None,
    ) -> None:
        if action not in ACTIONS:
            raise RecipeError(f'Stage {name}: action {action!r} is none of {", ".join(ACTIONS)}')
        if (tool if action == 'tool' else config) is None:
            raise RecipeError(f'Stage {name}: action {action!r} needs {"tool" if action == "tool" else "config"}=')
        self.name = name
        self.action = action
        self.config = config
        self.checkpoint = checkpoint
        self.options = dict(options or {})
        self.tool = tool
        self.arguments = list(arguments)
        self.reads = list(reads)
        self.takes_data = takes_data
        self.number = number
        self.expected = expected
        self.data = data
        self._described: dict[str, Any] | None = None

    @property
    def inputs(self) -> list[str]:
        """Names of the stages that this one needs."""
        texts = [str(value) for value in [*self.options.values(), *self.arguments]]
        names = {match[1] for text in texts for match in PLACEHOLDER.finditer(text)} - {'work_dir'}
        return sorted(names | ({self.checkpoint} if self.checkpoint else set()))

    def load_config(self) -> Config:
        """Return the config with the options of the stage; results of other stages are None."""
        options = {key: None if PLACEHOLDER.search(str(value)) else value for key, value in self.options.items()}
        return load_config(self.config, options, data=self.data)

    def has_nothing_to_test(self) -> bool:
        """Return whether the stage tests on a val split that the data set does not have."""
        if self.action != 'predict':
            return False
        config = self.load_config()
        return 'test_dataloader' in config and config.test_dataloader is None

    def find_other_batch(self, processes: int, keep: bool = False) -> int | None:
        """Return the batch size that processes take together where they cannot share the configured one.

        The training takes it too, unless its set has fewer images; see
        :func:`~projects.wsis.apis.shared_batch.share_batch`.

        Args:
            processes: How many there are.
            keep: Whether to refuse such a batch.

        Returns:
            None where the batch stays as it is, or there is none (another action than ``train``).

        Raises:
            RecipeError: If the batch is to be kept and cannot be divided.
        """
        if self.action != 'train' or processes == 1:
            return None
        batch = self.load_config().get('train_dataloader', {}).get('batch_size')
        if batch is None or batch % processes == 0:
            return None
        if keep:
            raise RecipeError(f'Stage {self.name}: {describe_indivisible(batch, processes, self.config)}')
        return find_nearest_batch(batch, processes)

    def describe_data(self) -> Any:
        """Return facts about the photos, tags, weights and other files that the stage reads and no stage has made.

        The config is read once, so that a later call tells whether these files have changed, not the config.
        """
        if self.action == 'tool':
            return [describe_path(path) for path in self.reads]
        if self._described is None:
            self._described = self.load_config().to_dict()
        return describe_data(self._described, self.action)

    def describe(self) -> Any:
        """Return all that decides what the stage makes, but for the stages that are its inputs."""
        if self.action == 'tool':
            data = load_config(self.data).to_dict() if self.takes_data and self.data else None
            return [self.action, self.tool, self.arguments, data, self.describe_data()]
        content = load_config(self.config, data=self.data).to_dict()
        data = self.describe_data()
        for key in NO_DIFFERENCE:
            content.pop(key, None)
        for name in HOOKS_WITHOUT_DIFFERENCE:
            (content.get('default_hooks') or {}).pop(name, None)
        if not (content.get('auto_scale_lr') or {}).get('enable'):
            content.pop('auto_scale_lr', None)
        return [self.action, content, self.options, data]


def spread_options(
    options: dict[str, Any], names: Sequence[str], tools: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return the options of each stage: ``stage.key`` is for one stage, any other key for all stages with a config.

    Options of one stage take precedence, in any order.

    Args:
        options: Dotted keys and their values.
        names: The stages that have a config.
        tools: The stages that run another script.
    """
    spread: dict[str, dict[str, Any]] = {name: {} for name in names}
    own: dict[str, dict[str, Any]] = {name: {} for name in [*names, *tools]}
    for key, value in options.items():
        stage, _, rest = key.partition('.')
        if rest and stage in own:
            own[stage][rest] = value
            continue
        for name in names:
            spread[name][key] = value
    return {name: {**spread.get(name, {}), **own[name]} for name in own}


def check_option_names(options: Collection[str], names: Collection[str], stages: Sequence[Stage]) -> None:
    """Check that the first word of each dotted key is that of a stage, or of a setting of some config.

    Args:
        options: Dotted keys, see :func:`spread_options`.
        names: Of all stages of the recipe.
        stages: Those that run.

    Raises:
        RecipeError: If one is not, or it sets the length of a stage that trains nothing; the message names the stages.
    """
    for stage in stages:
        if stage.action == 'predict' and (length := f'{stage.name}.{ITERATIONS}') in options:
            raise RecipeError(
                f'{length}: stage {stage.name} trains nothing; the trainings are '
                f'{", ".join(other.name for other in stages if other.action == "train")}'
            )
    words = {key: key.partition('.')[0] for key in options if '.' in key}
    settings = set(inspect.signature(Runner).parameters) | set(names)
    if settings.issuperset(words.values()):
        return
    settings.update(*(load_config(stage.config, data=stage.data) for stage in stages if stage.config))
    if unknown := [key for key, word in words.items() if word not in settings]:
        raise RecipeError(
            f'{unknown[0]}: there is no stage {words[unknown[0]]!r}, and no config has such a setting; the stages are '
            f'{", ".join(map(printable, names))}'
        )


def write_arguments(options: dict[str, Any]) -> list[str]:
    """Return options of a tool as words of its command line: ``{'batch_size': 2}`` is ``--batch-size=2``.

    A list is several words, True the name alone, and what is False or None is left out.
    """
    words: list[str] = []
    for key, value in options.items():
        name = f'--{key.replace("_", "-")}'
        if isinstance(value, (list, tuple)):
            words += [name, *map(str, value)]
        elif value is True:
            words.append(name)
        elif value is not None and value is not False:
            words.append(f'{name}={value}')
    return words


def read_stages(config: Config, data: str | None = None, options: dict[str, Any] | None = None) -> list[Stage]:
    """Return the stages of a recipe.

    Args:
        config: The recipe.
        data: File that describes the data set, instead of the recipe's own ``data``; without either the configs
            have theirs.
        options: Settings to override, see :func:`spread_options`.

    Raises:
        RecipeError: If a stage is described wrongly, or ``configs``, ``options``, ``expected`` or ``skip`` refer to
            one that is not there.
    """
    with report_wrong_recipe(config.filename):
        _check_forms(config)
        _check_names(config)
        return _read_stages(config, data, options or {})


@contextmanager
def report_wrong_recipe(path: str | None) -> Iterator[None]:
    """Turn what does not fit in a recipe, while it is read, into one line that names it.

    Raises:
        RecipeError: In the place of other errors, and of those that do not name the recipe.
    """
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        if path is None or (isinstance(error, RecipeError) and str(path) in str(error)):
            raise
        raise RecipeError(f'{path}: {" ".join(str(error).split())}; correct the recipe') from None


def _read_stages(config: Config, data: str | None, options: dict[str, Any]) -> list[Stage]:
    if data is None and config.get('data'):
        data = str(find_config(config.data).resolve())
    names = config.get('configs', {})
    entries = config.get('stages', [])
    tools = [entry.get('name') for entry in entries if entry.get('action') == 'tool']
    with_config = [entry.get('name') for entry in entries if entry.get('config') and entry.get('name') not in tools]
    given = spread_options(options, with_config, tools)
    stages = []
    for entry in entries:
        entry = dict(entry)
        if entry.get('name') in config.get('skip', []):
            continue
        entry['config'] = names.get(entry.get('config'), entry.get('config'))
        name = entry.get('name')
        entry['options'] = {
            **entry.get('options', {}),
            **config.get('options', {}).get(name, {}),
            **given.get(name, {}),
        }
        entry['data'] = data
        for key in ('arguments', 'reads'):
            entry[key] = [_fill_photo_folder(text, config, data) for text in entry.get(key, ())]
        if name in tools:
            _take_options_as_arguments(entry)
        entry['arguments'] = [
            f'{names.get(argument[1:], argument)}' if argument.startswith('@') else argument
            for argument in entry['arguments']
        ]
        entry['expected'] = config.get('expected', {}).get(entry.get('name'))
        try:
            stages.append(Stage(**entry))
        except TypeError as error:
            raise RecipeError(
                f'{config.filename}: stage {entry.get("name")!r}: {" ".join(str(error).split())}'
            ) from None
    return stages


def _take_options_as_arguments(entry: dict[str, Any]) -> None:
    """Write the options of a tool's stage behind its arguments, and their files beside what it reads."""
    options = entry.pop('options')
    entry['arguments'] += write_arguments(options)
    entry['reads'] += [options[name] for name in entry.pop('file_options', ()) if isinstance(options.get(name), str)]


def _fill_photo_folder(text: str, config: Config, data: str | None) -> str:
    """Write the folder of the data set's images in the place of ``{photo_folder}``."""
    if PHOTO_FOLDER not in text:
        return text
    folder = (load_config(data) if data else config).get('photo_folder')
    if not isinstance(folder, str):
        raise RecipeError(
            f'{config.filename}: {PHOTO_FOLDER} of a stage needs `photo_folder`, which '
            f'{data or "the recipe"} does not define: name a file of a data set that does'
        )
    return text.replace(PHOTO_FOLDER, folder)


def _check_forms(config: Config) -> None:
    """Check that what the stages of a recipe are described by is of the right types."""
    forms = dict(stages=(list, tuple), configs=dict, options=dict, expected=dict, skip=(list, tuple))
    for key, kinds in forms.items():
        if not isinstance(config.get(key, kinds() if isinstance(kinds, type) else ()), kinds):
            raise RecipeError(f'{config.filename}: `{key}` is {config[key]!r}')
    if not all(isinstance(name, str) for name in config.get('configs', {}).values()):
        raise RecipeError(f'{config.filename}: `configs` gives each short name the path of a config')
    for number, entry in enumerate(config.get('stages', ())):
        if not isinstance(entry, dict):
            raise RecipeError(f'{config.filename}: stage {number} is {entry!r}: it is a dict with its name and action')
        for key, kinds in STAGE_ENTRIES.items():
            value = entry.get(key)
            wrong = not isinstance(value, kinds) and (value is not None or key == 'name')
            if wrong or (key in TEXTS and not all(isinstance(text, str) for text in value or ())):
                raise RecipeError(f'{config.filename}: `{key}` of stage {entry.get("name")!r} is {value!r}')
        if not re.fullmatch(r'\w[\w.-]*', entry['name']):
            raise RecipeError(f'{config.filename}: a stage is called {entry["name"]!r}, which names no folder')


def _check_names(config: Config) -> None:
    entries = config.get('stages', [])
    stages = {entry.get('name') for entry in entries}
    known = dict.fromkeys(('options', 'expected', 'skip'), stages)
    known['configs'] = {entry.get('config') for entry in entries} | {
        argument[1:] for entry in entries for argument in entry.get('arguments', []) if argument.startswith('@')
    }
    for key, names in known.items():
        if unknown := [name for name in config.get(key, []) if name not in names]:
            raise RecipeError(
                f'{config.filename}: `{key}` names {unknown[0]!r}, which no stage does; there are '
                f'{", ".join(map(printable, sorted(filter(None, names))))}'
            )
