"""python mnist_gradients.py FILE: one step's gradients and statistics, in float64, alone or under torchrun."""

import sys

import torch
from digits import made_up
from torch.nn import functional

from mnist import parallel
from mnist.model import Network, recalibrate
from mnist.notation import Architecture


def main(path: str) -> None:
    """Save the gradients of every parameter after one backward pass over a batch of 32; the buffers, and settled."""
    with parallel.together(torch.device("cpu")):
        torch.manual_seed(0)
        model = Network(Architecture("v4p-c4-c4=1-v5p")).double()
        batch = made_up(32)
        images, labels = parallel.share(batch.images).double(), parallel.share(batch.labels)
        wrapped = parallel.wrap(model)  # averages for as long as it lives
        functional.cross_entropy(wrapped(images), labels).backward()
        if parallel.rank() == 0:
            saved = {name: p.grad.clone() for name, p in model.named_parameters()}
            saved |= {name: buffer.clone() for name, buffer in model.named_buffers()}
        recalibrate(model.float(), batch.images)
        if parallel.rank() == 0:
            torch.save(saved | {f"settled {name}": buffer for name, buffer in model.named_buffers()}, path)


if __name__ == "__main__":
    main(sys.argv[1])
