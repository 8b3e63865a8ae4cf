# SEAM + PPC on a light backbone for photos in VOC layout. At its output stride of 16 the contrast has 8x8 pixels.
_base_ = ['../seam/seam_mobilenet-v2_5e_voc-layout.py', '../_base_/models/ppc_light.py']
model = _base_.ppc
