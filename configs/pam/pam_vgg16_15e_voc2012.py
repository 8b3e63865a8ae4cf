# PAM of BESTIE (CVPR 2022) as in the official code (clovaai/BESTIE), also for converted weights:
#   python tools/model_converters/convert_reference.py --from pam IN OUT
# Remaining difference: colours are jittered by OpenCV instead of PIL.
_base_ = ['./pam_r50_15e_voc2012.py', '../_base_/models/vgg16.py']
model = dict(backbone=dict(_delete_=True, **_base_.vgg16))
