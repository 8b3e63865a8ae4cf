# SEAM + PPC as in the official code (usr922/wseg), for converted weights and for training in the same way (the
# remaining differences are those of seam_resnet38_reference_voc2012.py):
#   python tools/model_converters/convert_reference.py --from ppc-seam IN OUT
_base_ = ['../seam/seam_resnet38_reference_voc2012.py', '../_base_/models/ppc.py']
model = _base_.ppc
