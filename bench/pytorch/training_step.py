"""A training step of a small ViT (DINOv2 form, no registers), MSE loss, AdamW."""

import torch
from torch import nn

from numbers_of_index import hashed_numbers


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale1, self.scale2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))

    def attention(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, x):
        x = x + self.scale1 * self.attention(self.norm1(x))
        return x + self.scale2 * self.fc2(nn.functional.gelu(self.fc1(self.norm2(x))))


class Backbone(nn.Module):
    def __init__(self, case):
        super().__init__()
        width, grid = case["dim"], case["grid"]
        self.patches = nn.Conv2d(3, width, case["patch"], case["patch"])
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(0.02 * torch.randn(1, 1 + grid * grid, width))
        self.blocks = nn.ModuleList(Block(width, case["heads"]) for _ in range(case["depth"]))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def training_step(case):
    torch.manual_seed(0)
    side = case["grid"] * case["patch"]
    images = hashed_numbers(case["batch"] * 3 * side * side, 1).reshape(case["batch"], 3, side, side)
    target = hashed_numbers(case["batch"] * (1 + case["grid"] ** 2) * case["dim"], 2)
    model = Backbone(case)
    if case["mode"] == "compiled":
        model = torch.compile(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.04)

    def step():
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(model(images).flatten(), target)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step
