# WSSS maps of tiny_deeplab.py.
_base_ = './tiny_deeplab.py'
test_dataloader = dict(
    dataset=dict(mode='pseudo_label', filter_cfg=dict(filter_empty_tags=True), **_base_.label_dataset)
)
test_evaluator = [dict(type='SemanticMaskWriter'), dict(type='SemanticIoUMetric')]
tta_model = dict(mode='pseudo_label')
test_cfg = dict(_delete_=True, type='PseudoLabelLoop')
