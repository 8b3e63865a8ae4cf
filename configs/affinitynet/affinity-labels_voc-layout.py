# AffinityNet's labels of photos in VOC layout from the CAMs of cam_mobilenet-v2_5e_voc-layout.py.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/voc_layout.py', '../_base_/stages/affinity_labels.py',
    '../_base_/default_runtime.py'
]
cams = 'work_dirs/cam_mobilenet-v2_5e_voc-layout/cams'
test_dataloader = dict(num_workers=2, dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))
