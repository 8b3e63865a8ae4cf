# tiny_eps.py with the contrast of PPC, on a second view of half the crop.
_base_ = ['./tiny_eps.py', '../../configs/_base_/models/ppc.py']
model = dict(
    contrast_head=_base_.ppc.contrast_head,
    second_view=dict(scale_factor=None, size=(32, 32)),
)
