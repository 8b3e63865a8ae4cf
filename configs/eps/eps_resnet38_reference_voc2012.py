# EPS as in the official code (halbielee/EPS), for converted weights and for training in the same way:
#   python tools/model_converters/convert_reference.py --from eps IN OUT
# The network is that of eps_resnet38_20k_voc2012.py (the converter moves the background from the last channel to the first).
# As in the official code, and unlike that config, images are resized by PIL, which smooths when it shrinks.
# Remaining differences: saliency maps are resized by the nearest pixel (official code: smoothly), colours are jittered by
# OpenCV instead of PIL, and the padding around small training images is the mean colour rounded to 8 bits.
_base_ = './eps_resnet38_20k_voc2012.py'
train_pipeline = [dict(type='PILRescale', long_side_range=step.length_range) if 'length_range' in step else step
                  for step in _base_.train_pipeline]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
