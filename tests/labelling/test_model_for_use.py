"""The model that is handed over is one that mmdet's tools use, also where no photos were held out."""

import numpy as np
import torch
from mmdet.apis import DetInferencer
from random_models import KINDS, save_random_model

from projects.wsis.apis.configs import find_config, load_config
from projects.wsis.labelling.run import complete_for_use


def test_training_without_val_split_gives_a_config_for_mmdet(tmp_path):
    data = tmp_path / 'datasets' / 'data.py'
    data.parent.mkdir()
    demo = find_config('configs/_base_/datasets/demo.py').resolve()
    data.write_text(f'_base_ = {str(demo)!r}\nval_dataset = None\n')
    cfg = load_config(KINDS['mask_rcnn'], data=data)
    assert cfg.test_dataloader is None
    complete_for_use(cfg).dump(tmp_path / 'config.py')
    checkpoint = save_random_model('mask_rcnn', tmp_path)[1]
    inferencer = DetInferencer(str(tmp_path / 'config.py'), checkpoint, device='cpu', show_progress=False)
    torch.manual_seed(0)
    found = inferencer(np.zeros((61, 94, 3), np.uint8))['predictions'][0]
    assert found['masks'] and found['masks'][0]['size'] == [61, 94]
