# SEAM + PPC on the demo set, with the budget and the second view of seam_r18_36e_demo.py: the contrast has 12x12 pixels.
_base_ = ['../seam/seam_r18_36e_demo.py', '../_base_/models/ppc.py']
model = dict(contrast_head=_base_.ppc.contrast_head)
