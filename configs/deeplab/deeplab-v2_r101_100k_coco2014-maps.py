# WSSS maps of deeplab-v2_r101_100k_coco2014.py.
_base_ = ['./deeplab-v2_r101_100k_coco2014.py', '../_base_/stages/wsss_maps.py']
test_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=_base_.test_pipeline, **_base_.wsss_map_dataset))
test_evaluator = _base_.wsss_map_evaluator
tta_model = dict(mode='pseudo_label')
test_cfg = dict(type='PseudoLabelLoop')
