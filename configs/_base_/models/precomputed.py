# For stages whose labels are made in the data-loading workers: the model hands on what they made.
model = dict(
    type='PrecomputedLabels', data_preprocessor=dict(type='DetDataPreprocessor'))
