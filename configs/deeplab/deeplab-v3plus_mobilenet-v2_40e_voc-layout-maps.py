# WSSS maps of deeplab-v3plus_mobilenet-v2_40e_voc-layout.py: its predictions on the photos it was trained on, out of background and the tags of each.
_base_ = './deeplab-v3plus_mobilenet-v2_40e_voc-layout.py'
test_dataloader = dict(
    dataset=dict(mode='pseudo_label', filter_cfg=dict(filter_empty_tags=True), **_base_.label_dataset))
test_evaluator = [dict(type='SemanticMaskWriter'), dict(type='SemanticIoUMetric')]
tta_model = dict(mode='pseudo_label')
test_cfg = dict(_delete_=True, type='PseudoLabelLoop')
