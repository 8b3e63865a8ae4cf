# WSSS maps of tiny_deeplab.py.
_base_ = ['./tiny_deeplab.py', '../../configs/_base_/stages/wsss_maps.py']
test_dataloader = dict(dataset=dict(_base_.label_dataset, **_base_.wsss_map_dataset))
test_evaluator = _base_.wsss_map_evaluator
tta_model = dict(mode='pseudo_label')
test_cfg = dict(type='PseudoLabelLoop')
