"""Every command of the documentation fits its tool, and is run by a test or marked with what it needs."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest
import torch
from documented_commands import ROOT, Command, collect_commands, find_problems, load_tool, read_commands, read_targets
from mmengine.registry import DefaultScope

from projects.wsis.environment import has_compiled_operators

HERE = 'tests/test_documented_commands.py'
STAGE = r'tools/(train|test)\.py .*'
#: Which test runs a tool, on rendered images, with options of these kinds. The first pattern that is found in a command
#: counts, so particular ones stand before general ones.
RUN_BY = {
    r'^docs/tutorials/': 'tests/docs/test_tutorials.py::test_tutorial_works',
    r'make setup': 'tests/test_environment.py::test_setup_is_repeated_when_requirements_change',
    r'make (demo|demo-supervised)$': f'{HERE}::test_make_runs_documented_tools',
    r'make demo-data': 'tests/tools/test_make_demo_data.py::test_layout_is_complete',
    r'make ': f'{HERE}::test_make_runs_documented_tools',
    r'tools/dist_(train|test)\.sh': 'tests/tools/test_tools.py::test_two_processes_train_and_test_as_one',
    r'tools/label_photos\.py .*--launcher': 'tests/labelling/test_photos_on_several_nodes.py',
    r'tools/label_photos\.py': 'tests/tools/test_label_photos.py::test_photos_and_tags_become_masks',
    r'tools/pipeline\.py .*--submit': 'tests/recipes/test_slurm_jobs.py',
    r'tools/pipeline\.py .*--launcher': 'tests/recipes/test_several_nodes.py',
    r'tools/pipeline\.py .*--(list|dry-run)': 'tests/stages/test_coco_chain.py::test_plan_is_told_before_anything_runs',
    r'tools/pipeline\.py .*deeplab': 'tests/stages/test_deeplab_pipeline.py',
    r'tools/pipeline\.py': 'tests/stages/test_chain.py::test_every_stage_is_complete_with_its_number',
    r'tools/test\.py .*--show-dir': 'tests/stages/test_show_dir.py',
    r'tools/test\.py .*--out ': 'tests/evaluation/writers/test_prediction_writer.py',
    STAGE + r'/affinity': 'tests/stages/test_affinitynet_stage.py::test_pseudo_masks_are_complete_and_of_their_photos',
    STAGE + r'/bestie-points': 'tests/stages/test_bestie_stage.py',
    STAGE + r'/bestie': 'tests/stages/test_bestie_stage.py::test_training_instances_and_labels',
    STAGE + r'/cam': 'tests/stages/test_chain.py::test_cam_store',
    STAGE + r'/deeplab': 'tests/stages/test_deeplab_stage.py',
    STAGE + r'/eps': 'tests/stages/test_eps_stage.py::test_training_and_cams',
    STAGE + r'/(irnet|inter-pixel)': 'tests/stages/test_chain.py::test_every_stage_is_complete_with_its_number',
    STAGE + r'/mask-rcnn': 'tests/tools/test_label_photos.py::test_photos_and_tags_become_masks',
    STAGE + r'/pam': 'tests/stages/test_pam_stage.py::test_training_and_peaks',
    STAGE + r'/(seam|ppc)': 'tests/stages/test_seam_stage.py::test_training_and_cams',
    r'tools/(train|test)\.py': 'tests/tools/test_tools.py::test_train_and_test',
    r'demo/(image|video)_demo\.py': 'tests/demo/test_demos.py::test_image_demo_writes_pictures_and_predictions',
    r'analyze_logs\.py': 'tests/inspection/test_training_logs.py',
    r'benchmark_dense_crf\.py': 'tests/tools/test_benchmark_dense_crf.py::test_table_of_a_photo',
    r'benchmark_label_making\.py': 'tests/tools/test_benchmark_label_making.py::test_a_stage_of_a_small_photo',
    r'benchmark_official_irnet\.py': 'tests/tools/test_benchmark_official_irnet.py::test_reduced_copies',
    r'official_irnet_steps\.py': 'tests/tools/test_benchmark_official_irnet.py::test_step_runs_without_a_gpu',
    r'benchmark_recipe\.py': 'tests/tools/test_benchmark_recipe.py::test_times_of_a_recipe',
    r'benchmark_refinement_share\.py': 'tests/tools/test_benchmark_refinement_share.py::test_share_of_a_step',
    r'benchmark_training_step\.py': 'tests/tools/test_benchmark_training_step.py::test_steps_of_two_configs_in_turns',
    r'benchmark_(detector|displacement|prototype|random_walk|self_ref|voc)\w*\.py': f'{HERE}::test_benchmark_runs',
    r'browse_dataset\.py': 'tests/inspection/test_targets.py::test_tool_draws_a_row_per_image',
    r'check_backbones\.py': 'tests/inspection/test_backbone_table.py::test_page_of_two_processes',
    r'check_dataset\.py': 'tests/tools/test_check_dataset.py::test_clean_set',
    r'check_points\.py': 'tests/stages/test_pam_stage.py::test_training_and_peaks',
    r"-c 'import projects": 'tests/test_environment.py::test_import_works_from_another_folder',
    r'measure_precision\.py': 'tests/inspection/test_precision_errors.py::test_tool_prints_gradients_and_layers',
    r'measure_contrast_labels\.py': 'tests/inspection/test_contrast_labels.py::test_tool_prints_both_views',
    r'compare_cams\.py': 'tests/tools/test_compare_cams.py::test_columns_are_stores_and_rows_photos',
    r'confusion_matrix\.py|eval_metric\.py': 'tests/inspection/test_offline_evaluation.py',
    r'contact_sheet\.py': 'tests/tools/test_contact_sheet.py::test_tool_draws_every_column_from_any_folder',
    r'convert_maps\.py': 'tests/recipes/test_reference_bestie.py::test_bestie_learns_from_the_published_maps_and_peaks',
    r'convert_points\.py': 'tests/stages/test_pam_stage.py::test_text_files_become_a_points_file',
    r'convert_reference\.py': 'tests/tools/test_convert_reference.py::test_tool_writes_a_checkpoint_of_mmengine',
    r'download_dataset\.py': 'tests/tools/test_download_dataset.py',
    r'(export|import)_labels\.py': 'tests/tools/test_label_exports.py::test_out_and_back',
    r'fault_trials\.py': 'tests/faults/test_fault_trials.py::test_tool_prints_a_table',
    r'fuzz_readers\.py': 'tests/fuzz/test_readers.py::test_tool_prints_a_table',
    r'get_flops\.py': 'tests/inspection/test_complexity.py',
    r'leaving_trials\.py': 'tests/tools/test_leaving_trials.py::test_ends_are_counted',
    r'make_demo_coco\.py': 'tests/tools/test_make_demo_coco.py::test_official_layout',
    r'make_demo_data\.py': 'tests/tools/test_make_demo_data.py::test_same_seed_gives_same_bytes',
    r'make_method_figures\.py': 'tests/tools/test_make_method_figures.py',
    r'make_model_zoo\.py': 'tests/apis/zoo/test_zoo_page.py',
    r'make_points\.py': 'tests/inspection/test_targets.py::test_bestie_shows_what_its_heads_learn',
    r'make_saliency\.py .*--model': 'tests/tools/test_onnx_saliency.py::test_tool_makes_maps_and_goes_on',
    r'make_saliency\.py': 'tests/tools/test_make_saliency.py::test_tool_makes_maps_once_and_skips_damaged_photos',
    r'make_trainaug\.py': 'tests/tools/test_make_trainaug.py::test_union_without_val',
    r'masks_to_coco\.py': 'tests/stages/test_coco_chain.py::test_labels_are_those_of_the_same_photos_in_voc_layout',
    r'print_config\.py': 'tests/tools/test_tools.py::test_print_config',
    r'publish_model\.py': 'tests/apis/test_publishing.py::test_tool_publishes_a_run',
    r'analysis_tools/report\.py': 'tests/inspection/report/test_report_of_a_chain.py',
    r'soak_label_making\.py': 'tests/inspection/test_soak.py::test_tool_makes_labels_and_lists_costs',
    r'test_on_true_semantic_maps\.py': 'tests/tools/test_on_true_semantic_maps.py',
}
NOTHING = 'nothing'
#: What tests do not have: a command that needs it is not run as it stands. The first pattern that is found counts.
NEEDS = {
    r'^docs/tutorials/': NOTHING,
    r'^(pip|mim|git|docker|conda|apt\S*|curl|wget)\b|-m (pip|http)|pip install': 'the network, or programs of others',
    r'\bbin/|wandb|tensorboard --': 'programs of others',
    r'coco20\d\d': 'COCO',
    r'voc2012|VOCdevkit|benchmark_RELEASE': 'PASCAL VOC 2012',
    r'slurm': 'a SLURM cluster',
    r'NNODES=': 'several machines',
    r'convert_reference\.py': 'a checkpoint of the official code',
    r'_photos|PHOTOS|My photos|new\.jpg|street\.mp4|DIR\b|corrected': 'images with tags of your own',
    r'make (demo|demo-supervised|setup)$|_demo\.py|data/demo': 'minutes to hours of training on the demo set',
    r'make_method_figures': 'minutes to hours of training on the demo set',
    r'benchmark|check_backbones|compare_backbones|leaving_trials|soak_label': 'minutes of measuring',
    r'fault_trials|fuzz_readers': 'minutes to hours of trying',
    r'CONFIG|CHECKPOINT|WORK_DIR|DATA_ROOT|peaks\.json| IN OUT': 'a file of a run of your own',
}
#: Benchmarks with the smallest numbers that they take.
SMALL_BENCHMARKS = {
    'detector_operators': '--threads 1 --repeat 1 --batch 1 --size 16x16 --channels 2 --regions 4 --boxes 10',
    'displacement': '--threads 1 --repeat 1 --sizes 12x16',
    'prototype_contrast': '--threads 1 --repeat 1 --batch 2 --size 8 --classes 2 --channels 8',
    'random_walk': '--threads 1 --repeat 1 --channels 2 --sizes 12x16',
    'self_refinement': '--threads 1 --repeat 1 --batch 1 --size 96 --classes 2',
    'voc_instance_metric': '--photos 2 --predictions 3 --size 60 80 --repeats 1',
}
COMMANDS = collect_commands()


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Configs and benchmarks change the default scope and the number of threads."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    yield
    torch.set_num_threads(threads)


def find_rule(rules: dict[str, str], command: Command) -> str | None:
    """Return what the first rule says whose pattern is found in a command or is that of its page."""
    return next((told for pattern, told in rules.items() if matches(pattern, command)), None)


def matches(pattern: str, command: Command) -> bool:
    return bool(re.search(pattern, command.page if pattern.startswith('^docs/') else command.text))


@cache
def list_tests(file: str) -> frozenset[str]:
    """Return the names of the test functions of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding='utf-8'))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(
    'command', sorted(set(COMMANDS), key=str), ids=lambda command: f'{command.page}:{command.line}'
)
def test_command_fits_its_tool(command):
    assert not find_problems(command), f'{command}\nput the page right, or the tool'


def test_every_command_is_run_or_marked(capsys):
    unknown = [str(command) for command in COMMANDS if not (find_rule(RUN_BY, command) or find_rule(NEEDS, command))]
    assert not unknown, (
        f'no test runs these: name the test that does in RUN_BY of {HERE}, or in NEEDS what the command needs that '
        'tests do not have:\n' + '\n'.join(unknown)
    )
    marks = Counter(find_rule(NEEDS, command) or NOTHING for command in COMMANDS)
    run = sum(find_rule(RUN_BY, command) is not None for command in COMMANDS)
    listed = ', '.join(f'{what} {count}' for what, count in marks.most_common() if what != NOTHING)
    with capsys.disabled():
        print(
            f'\n{len(COMMANDS)} documented commands fit their tools; tests run the tools of {run} on rendered images; '
            f'as they stand {marks[NOTHING]} need nothing that tests do not have, the others need: {listed}'
        )


def test_a_new_tool_needs_an_entry():
    command = Command('README.md', 1, 'python tools/new_tool.py IMAGES')
    assert find_rule(RUN_BY, command) is find_rule(NEEDS, command) is None


@pytest.mark.parametrize('test', sorted(set(RUN_BY.values())))
def test_tests_that_are_named_exist(test):
    file, _, name = test.partition('::')
    assert (ROOT / file).is_file(), f'{file} does not exist: name another test in RUN_BY'
    assert not name or name in list_tests(file), f'{file} has no {name}: name another test in RUN_BY'


def test_rules_are_all_of_use():
    targets = [Command('Makefile', 1, f'make {target}') for target in read_targets()]
    tools = [
        Command('tools', 1, f'python {path.relative_to(ROOT)} ')
        for folder in ('tools', 'demo')
        for path in (ROOT / folder).rglob('*.py')
    ]
    of_no_use = [
        pattern for pattern in RUN_BY if not any(matches(pattern, command) for command in [*COMMANDS, *targets, *tools])
    ]
    assert not of_no_use, f'no command fits these rules of RUN_BY: remove them\n{of_no_use}'


@pytest.mark.parametrize('target', ['demo', 'demo-data', 'demo-supervised', 'test', 'test-quick', 'lint'])
def test_make_runs_documented_tools(target):
    command = ['make', '--dry-run', target, 'PYTHON=python', 'ARGS=', 'MAKEFLAGS=']  # not those that started the tests
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    lines = [line.strip().removeprefix('@') for line in result.stdout.replace('\\\n', ' ').splitlines()]
    commands = [Command('Makefile', 0, line) for line in lines if line.startswith('python ')]
    assert commands and [problem for command in commands for problem in find_problems(command)] == []


@pytest.mark.parametrize('name', SMALL_BENCHMARKS)
def test_benchmark_runs(name, monkeypatch, capsys):
    if name == 'detector_operators' and not has_compiled_operators():
        pytest.skip('mmcv has no compiled operators to compare with')
    tool = ROOT / 'tools' / 'analysis_tools' / f'benchmark_{name}.py'
    monkeypatch.setattr(sys, 'argv', [str(tool), *SMALL_BENCHMARKS[name].split()])
    module = load_tool(tool.relative_to(ROOT).as_posix())
    if hasattr(module, 'run_child'):  # measurements in processes of their own, which would import everything again
        monkeypatch.setattr(module, 'run_child', lambda task, threads: module.measure(task))
    module.main()
    assert re.search(r'\d', capsys.readouterr().out), 'a benchmark prints numbers'


WRONG = {
    'python tools/trian.py configs/cam/cam_r18_36e_demo.py': 'tools/trian.py does not exist',
    'python tools/train.py configs/cam/cam_r18_36e_demo.py --workdir x': 'unrecognized arguments: --workdir',
    'python tools/train.py': 'the following arguments are required: config',
    'python tools/train.py configs/cam/cam_r19_36e_demo.py': 'configs/cam/cam_r19_36e_demo.py does not exist',
    'python tools/train.py configs/cam/cam_r18_36e_demo.py --cfg-options model.head.drop=1': 'has no model.head.drop',
    'python tools/train.py configs/cam/cam_r18_36e_demo.py --cfg-options test_evaluator.7.x=1': 'test_evaluator.7.x',
    'tools/dist_train.sh configs/cam/cam_r18_36e_demo.py 8 --data': 'argument --data: expected one argument',
    'python tools/pipeline.py configs/recipes/irnet_r18_demo.py --from irnte': 'has no stage irnte',
    'python tools/pipeline.py configs/recipes/irnet_r18_demo.py --cfg-options irnet.model.nek=1': 'has irnet.model.nek',
    'make demos': 'the Makefile has no target demos',
}


@pytest.mark.parametrize('text', WRONG)
def test_wrong_commands_are_found(text):
    (problem,) = find_problems(Command('README.md', 1, text))
    assert WRONG[text] in problem


def test_commands_are_taken_out_of_a_page(tmp_path, monkeypatch):
    page = tmp_path / 'docs' / 'page.md'
    page.parent.mkdir()
    page.write_text(
        'Call `tools/test.py --show-dir` or `make help`, not `model=dict()`.\n\n```shell\n'
        '# a comment\ncd somewhere && OMP_NUM_THREADS=1 python tools/train.py \\\n    CONFIG  # the end\n```\n'
        '```python\nimport torch\n```\n```\nwhat it prints\npip install wsis > log.txt\n```\n'
        '<!-- file: run.sh -->\n```shell\npython tools/other.py\n```\n'
    )
    monkeypatch.setattr('documented_commands.ROOT', tmp_path)
    found = list(read_commands(page))
    assert [(command.line, command.words) for command in found] == [
        (4, ['python', 'tools/train.py', 'CONFIG']),
        (12, ['pip', 'install', 'wsis']),
        (1, ['tools/test.py', '--show-dir']),
        (1, ['make', 'help']),
    ]
    assert [command.is_part for command in found] == [False, False, True, False]


def test_right_settings_are_not_called_wrong():
    right = (
        'python tools/train.py configs/cam/cam_r18_36e_demo.py --cfg-options iterations=3 model.head.dropout=.5 '
        'test_dataloader.dataset.filter_cfg.filter_empty_tags=False test_evaluator.2.oracle_sweep=True'
    )
    recipe = 'OMP_NUM_THREADS=1 python tools/pipeline.py configs/recipes/irnet_r18_demo.py [--gpus N] [--from STAGE]'
    for text in (right, recipe, 'tools/dist_test.sh configs/cam/cam_r18_36e_demo.py CHECKPOINT GPUS --show-dir x'):
        assert find_problems(Command('README.md', 1, text)) == []
