"""Worst error of float32 PyTorch in the backbone golden files, as a share of the largest value.

bench/.venv/bin/python bench/pytorch/backbone_float32_error.py
The numbers are the basis of test/golden/float32-tolerances-vit.ts. Fused and plain attention are
both run, at one thread, and the worse one counts.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

GOLDEN = pathlib.Path(__file__).parents[2] / "test" / "golden"
torch.set_num_threads(1)


def read(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def tensor(node):
    values = torch.tensor([float(v) for v in node["data"]], dtype=torch.float64)
    if node["dtype"] == "float32":
        values = values.float().double()
    return values.reshape(node["shape"])


def error(ours, golden):
    golden = tensor(golden)
    return float((ours.detach().double().reshape(golden.shape) - golden).abs().max() / golden.abs().max())


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-b, a], dim=-1) * sin


def attention(q, k, v, fused):
    if fused:
        return F.scaled_dot_product_attention(q, k, v), None
    weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
    return weights @ v, weights


def block(x, p, heads, eps, fused, rope=None):
    b, n, d = x.shape
    y = F.layer_norm(x, (d,), p("norm1.weight"), p("norm1.bias"), eps)
    qkv = [F.linear(y, w, c) for w, c in p.qkv()] if hasattr(p, "qkv") else None
    q, k, v = [t.view(b, n, heads, d // heads).transpose(1, 2) for t in qkv]
    if rope is not None:
        first = n - rope[0].shape[0]
        q, k = [torch.cat([t[:, :, :first], rotate(t[:, :, first:], *rope)], 2) for t in (q, k)]
    y, weights = attention(q, k, v, fused)
    y = F.linear(y.transpose(1, 2).reshape(b, n, d), p("proj.weight"), p("proj.bias"))
    x = x + y * p("ls1")
    y = F.layer_norm(x, (d,), p("norm2.weight"), p("norm2.bias"), eps)
    return x + p.feed_forward(y) * p("ls2"), weights


class Official:
    """Parameters of one block under the names of DINO and DINOv2."""

    def __init__(self, state, prefix):
        self.state, self.prefix = state, prefix

    def __call__(self, name):
        name = {"ls1": "ls1.gamma", "ls2": "ls2.gamma"}.get(name, name).replace("proj.", "attn.proj.")
        return self.state.get(self.prefix + name, 1.0)

    def qkv(self):
        return zip(self.state[self.prefix + "attn.qkv.weight"].chunk(3), self.state[self.prefix + "attn.qkv.bias"].chunk(3))

    def feed_forward(self, y):
        y = F.gelu(F.linear(y, self("mlp.fc1.weight"), self("mlp.fc1.bias")))
        return F.linear(y, self("mlp.fc2.weight"), self("mlp.fc2.bias"))


class HuggingFace:
    """Parameters of one block of DINOv3 under the names of Hugging Face."""

    def __init__(self, state, prefix):
        self.state, self.prefix = state, prefix

    def __call__(self, name):
        name = {"ls1": "layer_scale1.lambda1", "ls2": "layer_scale2.lambda1"}.get(name, name)
        return self.state[self.prefix + name.replace("proj.", "attention.o_proj.")]

    def qkv(self):
        at = self.prefix + "attention."
        return [(self.state[f"{at}{c}_proj.weight"], self.state.get(f"{at}{c}_proj.bias")) for c in "qkv"]

    def feed_forward(self, y):
        def layer(name, z):
            return F.linear(z, self.state[f"{self.prefix}mlp.{name}.weight"], self.state[f"{self.prefix}mlp.{name}.bias"])

        if self.prefix + "mlp.gate_proj.weight" in self.state:
            return layer("down_proj", F.silu(layer("gate_proj", y)) * layer("up_proj", y))
        return layer("down_proj", F.gelu(layer("up_proj", y)))


def resize(pos, grid, antialias):
    side = math.isqrt(pos.shape[1] - 1)
    if grid == (side, side):
        return pos
    maps = pos[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    if antialias:
        maps = F.interpolate(maps, size=grid, mode="bicubic", antialias=True)
    else:
        maps = F.interpolate(maps, scale_factor=tuple((g + 0.1) / side for g in grid), mode="bicubic")
    return torch.cat([pos[:, :1], maps.flatten(2).transpose(1, 2)], 1)


def run_official(state, images, patch, names, antialias, fused):
    b, _, h, w = images.shape
    x = F.conv2d(images, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], stride=patch)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([state["cls_token"].expand(b, -1, -1), x], 1)
    x = x + resize(state["pos_embed"], (h // patch, w // patch), antialias)
    if "register_tokens" in state:
        x = torch.cat([x[:, :1], state["register_tokens"].expand(b, -1, -1), x[:, 1:]], 1)
    blocks, weights = [], None
    for name in names:
        x, weights = block(x, Official(state, name), 2, 1e-6, fused)
        blocks.append(x)
    norm = lambda t: F.layer_norm(t, t.shape[-1:], state["norm.weight"], state["norm.bias"], 1e-6)
    return norm(x), blocks, [norm(t) for t in blocks], weights


def dino_v1(fused):
    file = read("dino_v1_tiny")
    state = {k: tensor(v).float() for k, v in file["state_dict"].items()}
    names = ["blocks.0.", "blocks.1."]
    _, _, normed, weights = run_official(state, tensor(file["input"]).float(), 8, names, False, fused)
    out = [error(a, b) for a, b in zip(normed, file["intermediate_layers_n2_normed"])]
    if weights is not None:
        out.append(error(weights, file["last_self_attention"]))
    other = run_official(state, tensor(file["interpolated_input_48x24"]).float(), 8, names, False, fused)[0]
    return {"Output": max(out), "Interpolated": error(other, file["interpolated_last_layer_normed"])}


def parts(x, golden):
    return max(error(x[:, 0], golden["out_cls"]), error(x[:, 1:5], golden["out_reg"]), error(x[:, 5:], golden["out_patch"]))


def dino_v2(fused):
    file = read("dinov2_reg_tiny")
    state = {k: tensor(v).float().requires_grad_() for k, v in file["state_dict"].items()}
    names = ["blocks.0.0.", "blocks.0.1."]
    native, other = file["native_56x56"], file["interpolated_42x70"]
    images = tensor(native["input"]).float().requires_grad_()
    x, blocks, _, _ = run_official(state, images, 14, names, True, fused)
    (x[:, 5:] * tensor(native["grad_weight_on_patch_tokens"]).float()).sum().backward()
    y = run_official(state, tensor(other["input"]).float(), 14, names, True, fused)[0]
    return {
        "Output": max(parts(x, native), error(blocks[-1], native["block_outputs"][0])),
        "Interpolated": parts(y, other),
        "InputGradient": error(images.grad, native["grad_input"]),
        "ParameterGradient": max(
            error(state[k].grad if state[k].grad is not None else torch.zeros_like(state[k]), v)
            for k, v in native["param_grads"].items()
            if tensor(v).abs().max() > 0
        ),
    }


def dino_v3(case, fused):
    state = {k: tensor(v).float().requires_grad_() for k, v in case["state_dict"].items()}
    images = tensor(case["input"]).float().requires_grad_()
    b, _, h, w = images.shape
    patch, heads = 4, 2
    x = F.conv2d(images, state["embeddings.patch_embeddings.weight"], state["embeddings.patch_embeddings.bias"], stride=patch)
    d, rows, columns = x.shape[1], h // patch, w // patch
    x = torch.cat([state[f"embeddings.{k}"].expand(b, -1, -1) for k in ("cls_token", "register_tokens")] + [x.flatten(2).transpose(1, 2)], 1)
    head = d // heads
    periods = 100 ** (torch.arange(head // 4) * 4 / head)
    y, z = torch.meshgrid((torch.arange(rows) + 0.5) / rows * 2 - 1, (torch.arange(columns) + 0.5) / columns * 2 - 1, indexing="ij")
    angles = 2 * math.pi * torch.stack([y, z], -1).reshape(-1, 2, 1) / periods
    angles = angles.flatten(1).tile(2)
    rope = (angles.cos(), angles.sin())
    for index in range(2):
        x, _ = block(x, HuggingFace(state, f"layer.{index}."), heads, 1e-5, fused, rope)
    x = F.layer_norm(x, (d,), state["norm.weight"], state["norm.bias"], 1e-5)
    (x * tensor(case["grad_weight"]).float()).sum().backward()
    return {
        "Output": error(x, case["tokens"]),
        "InputGradient": error(images.grad, case["grad_input"]),
        "ParameterGradient": max(error(state[k].grad, v) for k, v in case["grad_params"].items()),
    }


def worst(results):
    kinds = {kind for result in results for kind in result}
    return {kind: max(r.get(kind, 0) for r in results) for kind in sorted(kinds)}


if __name__ == "__main__":
    print(f"torch {torch.__version__}, one thread, float32 against the golden float64")
    print("dino_v1_tiny", worst([dino_v1(f) for f in (False, True)]))
    print("dinov2_reg_tiny", worst([dino_v2(f) for f in (False, True)]))
    cases = read("dinov3_tiny")["cases"]
    print("dinov3_tiny", worst([dino_v3(c, f) for c in cases for f in (False, True)]))
