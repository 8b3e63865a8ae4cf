# SEAM + PPC on the demo set, with the budget of seam_r18_36e_demo.py.
_base_ = ['../seam/seam_r18_36e_demo.py', '../_base_/models/ppc.py']
model = _base_.ppc
