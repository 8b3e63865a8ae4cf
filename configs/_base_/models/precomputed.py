# For stages whose labels are made in the data-loading workers: the model only passes them on.
model = dict(
    type='PrecomputedLabels', data_preprocessor=dict(type='DetDataPreprocessor'))
