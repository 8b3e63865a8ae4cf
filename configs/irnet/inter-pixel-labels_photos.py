# Inter-pixel labels of your own photos from the CAMs of cam_mobilenet-v2_5e_photos.py.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/photos.py', '../_base_/stages/inter_pixel_labels.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_mobilenet-v2_5e_photos/cams')
test_dataloader = dict(num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=cams))
# seconds on two CPU cores (docs/benchmarks.md), for the time estimates of the plan
cpu_seconds = dict(megapixel=2.8)
