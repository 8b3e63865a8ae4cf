# SEAM of the public code (YudeWang/SEAM), for weights converted from it and for training as it does:
#   python tools/model_converters/convert_reference.py --from seam IN OUT
# Network, losses and schedule are the same in seam_resnet38_8e_voc2012.py. What differs there, and is here as in the
# public code: photos are resized by PIL, which smooths what it shrinks, to sizes rounded half to even (there: OpenCV, half
# up), and CAMs are normalised at full size (there: at stride 4, a sixteenth of the disk space).
# What remains: colours are jittered after flipping by OpenCV instead of PIL, and the ground around small training photos
# is the mean colour rounded to 8 bits (normalised: .01 at most), not exactly 0.
_base_ = './seam_resnet38_8e_voc2012.py'
model = dict(test_cfg=dict(stride=1))

train_pipeline = [
    dict(type='PILRescale', long_side_range=step.length_range) if step.type == 'RandomResizeLongSide' else step
    for step in _base_.train_pipeline
]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
