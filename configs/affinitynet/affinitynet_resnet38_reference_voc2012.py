# AffinityNet as in the official codes of SEAM and PPC, for weights converted from them (or from PSA) and for training
# in the same way:
#   python tools/model_converters/convert_reference.py --from affinitynet IN OUT
# The network is that of affinitynet_resnet38_8e_voc2012.py. As in the official code, and unlike that config, the random walk
# has no pair of pixels whose upper one is within 4 pixels (of stride 8) of the left, right or lower border, so that CAMs are
# hardly spread there.
# Remaining differences: the label of a cell of 8x8 pixels in training is the most frequent one of its pixels, not that of
# their mean CRF scores; colours are jittered by OpenCV instead of PIL; images under 88 pixels keep radius 5 (official code:
# smaller).
_base_ = './affinitynet_resnet38_8e_voc2012.py'
model = dict(test_cfg=dict(border_pairs=False))
