# AffinityNet's labels of COCO 2014 from the CAMs of seam_resnet38_8e_coco2014.py.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/coco2014.py', '../_base_/stages/affinity_labels.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/seam_resnet38_8e_coco2014/cams')
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
