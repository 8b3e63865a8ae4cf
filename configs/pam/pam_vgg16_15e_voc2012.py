# PAM of BESTIE (CVPR 2022) as in its public code (clovaai/BESTIE), also for weights converted from it:
#   python tools/model_converters/convert_reference.py --from pam IN OUT
# What remains: colours are jittered by OpenCV instead of PIL.
_base_ = [
    '../_base_/models/cam_vgg16.py', '../_base_/models/pam.py', '../_base_/datasets/voc2012.py',
    '../_base_/stages/pam.py', '../_base_/schedules/sgd_step_15e.py', '../_base_/default_runtime.py'
]
model = _base_.pam

train_dataloader = dict(dataset=_base_.weak_dataset)
val_dataloader = dict(dataset=_base_.val_dataset)
test_dataloader = dict(dataset=_base_.label_dataset)
