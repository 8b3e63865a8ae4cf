"""A stage that several forks run together makes what one process makes."""

from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import finish_tool, start_tool

from projects.wsis.recipes.process_group import describe_group
from projects.wsis.structures import read_json


def test_cams_of_three_forks(chain, demo_root, tmp_path):
    checkpoint = next((chain / 'classifier').glob('*.pth'))
    command = ['test.py', CONFIGS / 'tiny_cam.py', checkpoint, '--work-dir', tmp_path / 'made', '--launcher', 'pytorch']
    metrics = tmp_path / 'metrics.json'
    process = start_tool(demo_root, tmp_path, *command, '--metrics', metrics, environments=describe_group(3))
    result = finish_tool(process)
    assert result.status == 0, result.tail
    wanted = {path.name: path.read_bytes() for path in (chain / 'cams/cams').glob('*.npz')}
    assert len(wanted) == 8
    assert {path.name: path.read_bytes() for path in (tmp_path / 'made/cams').glob('*.npz')} == wanted
    alone = read_json(chain / 'cams/metrics.json')
    assert all(value == alone[name] for name, value in read_json(metrics).items() if 'time' not in name)


def test_nothing_waits_for_a_fork_that_fails(chain, demo_root, tmp_path):
    """The others would wait for it until gloo loses patience, half an hour."""
    alive, failing = describe_group(2)
    failing['LOCAL_RANK'] = 'no number'
    command = ['test.py', CONFIGS / 'tiny_cam.py', next((chain / 'classifier').glob('*.pth')), '--launcher', 'pytorch']
    result = finish_tool(start_tool(demo_root, tmp_path, *command, environments=[alive, failing]))
    assert result.status == 1 and 'no number' in result.output
