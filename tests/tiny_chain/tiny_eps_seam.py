# tiny_ppc_eps.py with SEAM's correlation module and losses, as in the official code of EPS + PPC.
_base_ = ['./tiny_ppc_eps.py', '../../configs/_base_/models/eps_seam.py']
model = dict(_base_.eps_seam, second_view=dict(scale_factor=None, size=(32, 32)))
