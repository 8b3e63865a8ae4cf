# WSSS maps of deeplab-v1_r101_20k_voc2012.py. The official code makes none; they are not refined.
_base_ = ['./deeplab-v1_r101_20k_voc2012.py', '../_base_/stages/wsss_maps.py']
test_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=_base_.test_pipeline, **_base_.wsss_map_dataset))
test_evaluator = _base_.wsss_map_evaluator
tta_model = dict(mode='pseudo_label', crf=None)
test_cfg = dict(type='PseudoLabelLoop')
