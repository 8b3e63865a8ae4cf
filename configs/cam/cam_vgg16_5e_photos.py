# A light classifier for your own photos on VGG16. Small batches, as on CPUs a large one takes much longer than two of half.
_base_ = ['./cam_mobilenet-v2_5e_photos.py', '../_base_/models/vgg16.py']
model = dict(backbone=dict(_delete_=True, **_base_.vgg16_light))
train_dataloader = dict(batch_size=8)
auto_scale_lr = dict(base_batch_size=8)
cpu_seconds = dict(iteration=3.3, megapixel=20.)
