# DeepLab V1 on ResNet-38 as SEAM retrains it (YudeWang/semantic-segmentation-codebase, experiment seamv1-pseudovoc), from which
# PPC took its experiment: only the dense CRF of the test is another, one step with settings of its own.
# Remaining difference: batch normalisation goes by the batch of all GPUs, there by the 5 images of each of two.
_base_ = './deeplab-v1_resnet38_20k_voc2012.py'
tta_model = dict(crf=dict(iterations=1, gaussian=(3., 3.), bilateral=(32., 13., 10.)))
