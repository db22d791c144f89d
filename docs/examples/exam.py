import torch
from torch import nn


def network():
    """A small network, trained here: does somebody fail, pass or excel in an exam?"""
    torch.manual_seed(0)
    x = (torch.rand(300, 3, dtype=torch.float64) * torch.tensor([10, 12, 5])).round(decimals=1)
    y = torch.bucketize(x @ torch.tensor([1, 0.5, -0.3], dtype=torch.float64), torch.tensor([5, 9]))
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    adam = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(300):
        adam.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        adam.step()
    return net
