# AffinityNet as in the public codes of SEAM and PPC, for weights converted from them (or from PSA) and for training alike:
#   python tools/model_converters/convert_reference.py --from affinitynet IN OUT
# The network is the same in affinitynet_resnet38_8e_voc2012.py. What differs there, and is here as in the public code:
# - the random walk has no pair of pixels whose upper one is within 4 pixels (of stride 8) of the left, right or lower border,
#   so that CAMs are hardly spread there.
# What remains: the label of a cell of 8x8 pixels in training is the commonest of its pixels, not that of their mean CRF
# scores; colours are jittered by OpenCV instead of PIL; photos under 88 pixels keep radius 5 (there: smaller).
_base_ = './affinitynet_resnet38_8e_voc2012.py'
model = dict(test_cfg=dict(border_pairs=False))
