# WSSS maps of deeplab-v3plus_mobilenet-v2_40e_photos.py.
_base_ = ['./deeplab-v3plus_mobilenet-v2_40e_photos.py', '../_base_/stages/wsss_maps.py']
test_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=_base_.test_pipeline, **_base_.wsss_map_dataset))
test_evaluator = _base_.wsss_map_evaluator
tta_model = dict(mode='pseudo_label')
test_cfg = dict(type='PseudoLabelLoop')
cpu_seconds = dict(megapixel=2.5)
