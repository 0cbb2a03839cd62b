"""Worst error of float32 PyTorch in the recorded trainings, as a share of the largest value.

bench/.venv/bin/python bench/pytorch/training_float32_error.py
The numbers are the basis of test/golden/float32-tolerances-trainer.ts: the ViT, ROI-align, loss,
EMA and AdamW of the golden files in float32, at one thread, with diffsort 0.2.0. Fused and plain
attention are both run, and the worse one counts. As in the test of ours, the bias of k is left out.
"""

import math

import torch
import torch.nn.functional as F
from backbone_float32_error import error, read, run_official, tensor
from diffsort import DiffSortNet


def taps(low, high, size, side):
    """Weights [side, size] of one axis of torchvision's roi_align, aligned and adaptive, in float32."""
    low, high = torch.tensor(low, dtype=torch.float32) - 0.5, torch.tensor(high, dtype=torch.float32) - 0.5
    step = (high - low) / side
    samples = math.ceil(step)
    weights = torch.zeros(side, size)
    for i in range(side):
        for j in range(samples):
            at = low + i * step + (j + 0.5) * step / samples
            if at < -1 or at > size:
                continue
            at = at.clamp(0, size - 1)
            first = int(at)
            share = at - first
            weights[i, first] += (1 - share) / samples
            if share > 0:
                weights[i, first + 1] += share / samples
    return weights


def align(maps, boxes, side):
    """maps [B, n, n, D] and one box each -> [B, side * side, D]."""
    size = maps.shape[1]
    rows = []
    for one, (x1, y1, x2, y2) in zip(maps, boxes):
        down, across = taps(y1, y2, size, side), taps(x1, x2, size, side)
        rows.append(torch.einsum("iy,jx,yxd->ijd", down, across, one).flatten(0, 1))
    return torch.stack(rows)


class Model:
    def __init__(self, init):
        self.state = {k: tensor(v).float().requires_grad_() for k, v in init.items()}

    def features(self, images, fused):
        tokens = run_official(self.state, images, 7, ["blocks.0.", "blocks.1."], False, fused)[0]
        x = tokens[:, 3:].flatten(0, 1)
        for layer in (0, 2, 4):
            x = F.linear(x, *[self.state[f"projection_head.{layer}.{p}"] for p in ("weight", "bias")])
            x = F.gelu(x) if layer < 4 else x
        return F.normalize(x, dim=-1)


def loss_of(step, hyper, student, teacher, queue, orders, fused):
    crops = [tensor(c).float() for c in step["images_per_crop"]]
    batch, side = hyper["batch_size"], hyper["roi_align_kernel_size"]
    with torch.no_grad():
        ours = teacher.features(torch.cat(crops[:2]), fused).view(2, batch, 4, 4, -1)
    parts = [student.features(torch.cat(crops[i : i + 2]), fused) for i in (0, 2)]
    theirs = [m for p, n in zip(parts, (4, 2)) for m in p.view(2, batch, n, n, -1)]
    if queue is not None:
        length = queue["rows"].shape[1]
        for g in range(2):
            new = ours[g].reshape(batch * 16, -1)[orders.pop(0)][: min(10 * batch, length)]
            queue["rows"][g] = torch.cat([new, queue["rows"][g]])[:length]
            queue["entries"] = min(queue["entries"] + len(new), length)
    gc, full = (tensor(step[k]).float() / 7 for k in ("bboxes_gc", "bboxes_all"))
    sorter = DiffSortNet("bitonic", side * side, steepness=hyper["steepness"])
    total = 0
    for g in range(2):
        for v in (c for c in range(4) if c != g):
            t = align(ours[g], gc[:, g, v].tolist(), side)
            s = align(theirs[v], full[:, v, g].tolist(), side)
            order = torch.tensor(orders.pop(0))
            if queue is None:
                r = t.flatten(0, 1)[order]
            else:
                r = queue["rows"][g][order[: batch * side * side] % queue["entries"]]
            r = r.view(batch, side * side, -1)
            soft = [
                sorter(torch.einsum("bpd,brd->bpr", F.normalize(x, dim=-1), F.normalize(r, dim=-1)).flatten(0, 1))[1]
                for x in (s, t)
            ]
            total = total - (soft[1].detach() * soft[0].log()).sum(-1).mean() / 6
    return total, torch.cat(parts)


def without_key_bias(name, values):
    return torch.cat([values.chunk(3)[0], values.chunk(3)[2]]) if name.endswith("attn.qkv.bias") else values


def worst(actual, golden):
    return max(
        float((a - g).abs().max() / g.abs().max())
        for name in golden
        if name != "mask_token"
        for a, g in [[without_key_bias(name, x.detach().double()) for x in (actual[name], tensor(golden[name]))]]
    )


def run(name, fused):
    case = read(name)["case"]
    hyper, total = case["hyper"], case["hyper"]["max_epochs"] * case["hyper"]["train_iters_per_epoch"]
    student, teacher = Model(case["student_init"]), Model(case["teacher_init"])
    queue = None
    if hyper["is_queue_usable"]:
        queue = {"rows": torch.zeros(2, hyper["queue_length"], hyper["projection_feat_dim"]), "entries": 0}
    groups = [
        {"params": [student.state[p] for p in g["params"]], "lr": g["lr"], "weight_decay": g["weight_decay"]}
        for g in case["param_groups"]
    ]
    optimiser = torch.optim.AdamW(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=total, eta_min=hyper["final_lr"])
    found = {"loss": 0.0}
    for step in case["steps"]:
        for group, decay in zip(optimiser.param_groups, step["weight_decay"]):
            group["weight_decay"] = decay
        loss, embeddings = loss_of(step, hyper, student, teacher, queue, list(step["randperm_calls_in_order"]), fused)
        found["loss"] = max(found["loss"], abs(loss.item() / step["loss"] - 1))
        with torch.no_grad():
            for key, value in teacher.state.items():
                value.mul_(step["momentum"]).add_((1 - step["momentum"]) * student.state[key])
        optimiser.zero_grad()
        loss.backward()
        if "student_grads" in step:
            found["embeddings"] = error(embeddings, step["student_embeddings"])
            found["gradients"] = worst({k: v.grad for k, v in student.state.items()}, step["student_grads"])
        optimiser.step()
        schedule.step()
    found["weights"] = worst(student.state, case["student_final"])
    sums = case["teacher_final_sum_and_sumsq"]
    values = {k: v.detach().double() for k, v in teacher.state.items()}
    found["checksum"] = max(
        max(abs(v.sum().item() - sums[k][0]) / v.abs().sum().item(), abs((v * v).sum().item() / sums[k][1] - 1))
        for k, v in values.items()
    )
    found["teacher"] = worst(teacher.state, case["teacher_final_some"]) if case.get("teacher_final_some") else 0
    return found


if __name__ == "__main__":
    print(f"torch {torch.__version__}, one thread, float32 against the golden float64")
    for name in ("neco_train_steps", "neco_train_steps_queue"):
        for fused in (False, True):
            print(name, "fused" if fused else "plain", run(name, fused))
