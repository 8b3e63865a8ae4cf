# Pseudo instances that bestie_hrnet48_50k_coco2014.py finds on the photos it was trained on, out of the tags of each.
_base_ = ['./bestie_hrnet48_50k_coco2014.py', '../_base_/stages/bestie_labels.py']
model = dict(test_cfg=dict(mode='pseudo_label'))
test_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=_base_.test_pipeline, **_base_.bestie_label_dataset))
test_evaluator = _base_.bestie_label_evaluator
test_cfg = dict(type='PseudoLabelLoop')
