"""A config that is formatted once has the text of mmengine's, also after a change."""

import copy

from mmengine.config import Config
from tiny_chain.plain_runs import FORMATTERS, yapf_format

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.formatted_config import FormattedConfig


def test_text_is_that_of_mmengine_and_made_once(monkeypatch, tmp_path):
    for module in FORMATTERS:
        monkeypatch.setattr(module, 'FormatCode', yapf_format)
    calls = []
    plain = Config.pretty_text.fget
    monkeypatch.setattr(Config, 'pretty_text', property(lambda config: calls.append(1) or plain(config)))
    cfg = load_config('configs/cam/cam_r18_36e_demo.py')
    expected = plain(cfg)
    formatted = FormattedConfig.of(cfg)
    assert formatted.filename == cfg.filename and formatted.to_dict() == cfg.to_dict()
    formatted.dump(tmp_path / 'config.py')
    assert formatted.pretty_text == copy.deepcopy(formatted).pretty_text == expected
    assert (tmp_path / 'config.py').read_text() == expected and len(calls) == 1
    assert max(map(len, expected.splitlines())) < 120  # formatted, and not only written down
    formatted.work_dir = 'elsewhere'
    assert "work_dir = 'elsewhere'" in formatted.pretty_text and len(calls) == 2
