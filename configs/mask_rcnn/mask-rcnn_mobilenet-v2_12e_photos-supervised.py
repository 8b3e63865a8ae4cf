# The same detector trained on the true masks, for comparison only.
_base_ = ['./mask-rcnn_mobilenet-v2_12e_photos.py', '../_base_/stages/true_masks.py']
train_pipeline = [*_base_.load_true_instances, *_base_.train_pipeline[2:]]
train_dataloader = dict(
    batch_sampler=None,
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=train_pipeline, **_base_.true_mask_dataset))
