"""A model and a data set so small that train.py and test.py run in a second; configs of tests import this module."""

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch import Tensor, nn
from torch.utils.data import Dataset


@DATASETS.register_module()
class TinyDataset(Dataset):
    """Points of a noisy line: `(index, x, y)`."""

    def __init__(self, length: int = 16) -> None:
        generator = np.random.default_rng(0)
        self.x = generator.uniform(-1, 1, (length, 4)).astype(np.float32)
        self.y = self.x @ np.array([[1.0], [-2.0], [0.5], [3.0]], np.float32)
        self.metainfo = dict(classes=('a', 'b'), palette=[(1, 2, 3), (4, 5, 6)])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> dict:
        return dict(index=index, x=torch.from_numpy(self.x[index]), y=torch.from_numpy(self.y[index]))


@MODELS.register_module()
class TinyModel(BaseModel):
    """A linear layer behind batch norm."""

    def __init__(
        self, inputs: int = 4, norm_cfg: dict | None = None, unused: bool = False, frozen_norm: bool = False
    ) -> None:
        super().__init__()
        self.norm = MODELS.build(dict(type='BN') | (norm_cfg or {}) | dict(num_features=inputs))
        self.linear = nn.Linear(inputs, 1)
        self.extra = nn.Linear(2, 2) if unused else None
        self.frozen_norm = frozen_norm

    def train(self, mode: bool = True) -> 'TinyModel':
        super().train(mode)
        if self.frozen_norm:
            self.norm.eval()
        return self

    def forward(self, index: Tensor, x: Tensor, y: Tensor, mode: str = 'tensor') -> dict | list | Tensor:
        output = self.linear(self.norm(x[:, :, None, None]).flatten(1))
        if mode == 'loss':
            return dict(loss=(output - y).square().mean())
        if mode == 'predict':
            return [dict(index=int(i), error=float(e)) for i, e in zip(index, (output - y).abs())]
        return output


@METRICS.register_module()
class TinyMetric(BaseMetric):
    """Mean absolute error, and how many samples it was taken over."""

    def process(self, data_batch: dict, data_samples: list[dict]) -> None:
        self.results.extend(data_samples)

    def compute_metrics(self, results: list[dict]) -> dict:
        return dict(
            error=float(np.mean([row['error'] for row in results])), count=len({row['index'] for row in results})
        )
