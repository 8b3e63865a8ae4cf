# Pseudo instances of tiny_bestie.py.
_base_ = ['./tiny_bestie.py', '../../configs/_base_/stages/bestie_labels.py']
model = dict(test_cfg=dict(mode='pseudo_label'))
test_dataloader = dict(dataset=dict(_base_.label_dataset, **_base_.bestie_label_dataset))
test_evaluator = _base_.bestie_label_evaluator
test_cfg = dict(type='PseudoLabelLoop')
