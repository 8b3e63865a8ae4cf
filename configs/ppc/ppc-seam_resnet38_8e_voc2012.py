# SEAM + PPC (CVPR 2022) with the paper's settings.
_base_ = ['../seam/seam_resnet38_8e_voc2012.py', '../_base_/models/ppc.py']
model = _base_.ppc
