# SEAM + PPC of the public code (usr922/wseg), for weights converted from it and for training as it does (see SEAM's):
#   python tools/model_converters/convert_reference.py --from ppc-seam IN OUT
_base_ = ['../seam/seam_resnet38_reference_voc2012.py', '../_base_/models/ppc.py']
model = _base_.ppc
