"""What tests of recipes share."""

import pytest


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Function: behaviours and changes of the pipeline config -> a pipeline in tmp_path/work."""
    # here, as the process that hands out tests reads this file too
    from mmengine.config import Config
    from scripted_recipe import STAGES, ScriptedRecipe

    from projects.wsis.recipes import recipe

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recipe, 'prefers_mixed_precision', lambda: False)  # on any machine
    for name in ('cam', 'irnet'):
        (tmp_path / f'{name}.py').write_text("model = dict(lr=1)\ndata = dict(cams='x')\n")

    def build(behaviours=None, work_dir='work', **changes):
        pipeline = ScriptedRecipe(Config({'stages': STAGES, **changes}), work_dir)
        pipeline.behaviours = behaviours or {}
        return pipeline

    return build
