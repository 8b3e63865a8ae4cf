# EPS as in the public code (halbielee/EPS), for weights converted from it and for training as it does:
#   python tools/model_converters/convert_reference.py --from eps IN OUT
# The network is the same in eps_resnet38_20k_voc2012.py (the converter puts the background, last in the public file, first).
# What differs there, and is here as in the public code: photos are resized by PIL, which smooths what it shrinks.
# What remains: saliency maps are resized by the nearest pixel (there: smoothly), colours are jittered by OpenCV instead of
# PIL, and the ground around small training photos is the mean colour rounded to 8 bits.
_base_ = './eps_resnet38_20k_voc2012.py'
train_pipeline = [
    dict(type='PILRescale', long_side_range=step.length_range) if step.type == 'RandomResizeLongSide' else step
    for step in _base_.train_pipeline
]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
