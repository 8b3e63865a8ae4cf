# AffinityNet's labels of VOC 2012 from the CAMs of seam_resnet38_8e_voc2012.py.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/voc2012.py', '../_base_/stages/affinity_labels.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/seam_resnet38_8e_voc2012/cams')
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
