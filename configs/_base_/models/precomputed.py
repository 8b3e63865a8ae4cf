# For stages whose labels are made in the data-loading workers: the model only passes them on.
model = dict(
    type='PrecomputedLabels', data_preprocessor=dict(type='DetDataPreprocessor'))
# with several processes: the usual wrapper refuses a model without parameters
model_wrapper_cfg = dict(type='MMSeparateDistributedDataParallel')
