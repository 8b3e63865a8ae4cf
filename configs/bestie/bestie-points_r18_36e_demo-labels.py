# Pseudo instances of the given points that bestie-points_r18_36e_demo.py finds on the photos it was trained on.
_base_ = ['./bestie-points_r18_36e_demo.py', '../_base_/stages/bestie_labels.py']
model = dict(test_cfg=dict(mode='pseudo_label'))
test_dataloader = dict(
    dataset=dict(
        points_file=_base_.points_file,
        pipeline=_base_.bestie_point_pipeline,
        **_base_.bestie_label_dataset,
        **_base_.label_dataset))
test_evaluator = _base_.bestie_label_evaluator
test_cfg = dict(_delete_=True, type='PseudoLabelLoop')
