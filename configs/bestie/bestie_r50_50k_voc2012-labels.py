# Pseudo instances that bestie_r50_50k_voc2012.py finds in its training images, among the tags of each image.
_base_ = ['./bestie_r50_50k_voc2012.py', '../_base_/stages/bestie_labels.py']
model = dict(test_cfg=dict(mode='pseudo_label'))
test_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=_base_.test_pipeline, **_base_.bestie_label_dataset))
test_evaluator = _base_.bestie_label_evaluator
test_cfg = dict(type='PseudoLabelLoop')
