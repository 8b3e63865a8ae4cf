# EPS + PPC on a light backbone for your own photos. At its output stride of 16 the contrast has 8x8 pixels.
_base_ = ['../eps/eps_mobilenet-v2_5e_photos.py', '../_base_/models/ppc_eps_light.py']
model = _base_.ppc
cpu_seconds = dict(iteration=2.3)
