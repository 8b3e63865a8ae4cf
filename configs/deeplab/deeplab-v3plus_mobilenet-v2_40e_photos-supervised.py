# The same DeepLab trained on true masks, for comparison only.
_base_ = ['./deeplab-v3plus_mobilenet-v2_40e_photos.py', '../_base_/stages/true_masks.py']
train_pipeline = [*_base_.load_true_semantic, *_base_.train_pipeline[2:]]
train_dataloader = dict(
    dataset=dict(_base_.label_dataset, _delete_=True, pipeline=train_pipeline, **_base_.true_mask_dataset))
