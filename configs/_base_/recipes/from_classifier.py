# Where nothing is pretrained: the option of stages whose network starts from the classifier's backbone.
from_classifier = {'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'}
