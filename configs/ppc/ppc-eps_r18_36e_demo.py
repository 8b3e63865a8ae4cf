# EPS + PPC on the demo set, with the budget of eps_r18_36e_demo.py.
_base_ = ['../eps/eps_r18_36e_demo.py', '../_base_/models/ppc_eps.py']
model = _base_.ppc
