# Hooks that each run has beyond those of mmdet; the API reference of projects.wsis.engine.hooks describes them.
default_hooks = dict(
    # no code of a checkpoint is run, and none is left half-written
    safe_files=dict(type='SafeFilesHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    # weights of another model or class list, and labels that teach nothing, stop the run
    pretrained_match=dict(type='PretrainedMatchHook'),
    checkpoint_match=dict(type='CheckpointMatchHook'),
    training_labels=dict(type='TrainingLabelsHook'),
    # a training that would end before its warm-up is refused
    warm_up_length=dict(type='WarmUpLengthHook'),
    # a training killed before its last validation makes up for it
    last_validation=dict(type='LastValidationHook'),
    # on a CPU: batch norms of MobileNetV2 become part of its convolutions once a test has its weights
    fold_norms=dict(type='FoldNormsHook'),
    # batches of one photo
    single_value_norm=dict(type='SingleValueNormHook'),
    # the background in the class list of a segmentor's checkpoints
    segmentor_classes=dict(type='SegmentorClassesHook'),
)
