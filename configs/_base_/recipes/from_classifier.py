# The option of stages whose network starts from the classifier's backbone, for recipes without pretrained weights.
from_classifier = {'model.backbone.init_cfg.checkpoint': '{classifier.checkpoint}'}
