"""The worst error of PyTorch + diffsort in the golden files of the sort, by group of cases.

    bench/.venv/bin/python bench/pytorch/golden_errors.py [float32|float64]

With float32 it prints test/golden/float32-errors.json. Errors are relative to the largest
value of the tensor; tensors that are not finite in the file are left out.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import torch
from diffsort import DiffSortNet

golden_folder = Path(__file__).parents[2] / "test" / "golden"
dtype = getattr(torch, sys.argv[1] if len(sys.argv) > 1 else "float32")
torch.set_num_threads(1)


def read(name):
    return json.loads((golden_folder / f"{name}.json").read_text())


def tensor(node, kind=torch.float64):
    numbers = [float(value) for value in node["data"]]
    return torch.tensor(numbers, dtype=kind).reshape(node["shape"])


class Worst:
    """The worst relative error of each quantity in each group of cases of one file."""

    def __init__(self, file):
        self.groups = defaultdict(dict)
        errors[file] = self.groups

    def add(self, group, quantity, value, expected):
        value = value.detach().double()
        if not torch.isfinite(expected).all():
            return
        largest = max(expected.abs().max().item(), 1e-300)
        error = (value - expected).abs().max().item() / largest
        known = self.groups[group].get(quantity, 0.0)
        self.groups[group][quantity] = float(f"{max(known, error):.3g}")


errors = {}


def sort_files():
    for file in ("diffsort_n2_to_n8", "diffsort_n12_n16_n32", "diffsort_n49", "diffsort_edge"):
        golden = read(file)
        worst = Worst(file)
        for case in golden["cases"]:
            inputs = golden["sizes"][str(case["n"])] if "sizes" in golden else case
            x = tensor(inputs["x"], dtype).requires_grad_()
            net = DiffSortNet(
                case["net"],
                case["n"],
                steepness=case["steepness"],
                art_lambda=case["art_lambda"] if case["art_lambda"] is not None else 0.25,
                distribution=case["distribution"],
            )
            ordered, permutation = net(x)
            group = case.get("name") or f"steepness {case['steepness']:g}"
            (of_sorted,) = torch.autograd.grad((tensor(inputs["v"], dtype) * ordered).sum(), x, retain_graph=True)
            (of_perm,) = torch.autograd.grad((tensor(inputs["W"], dtype) * permutation).sum(), x)
            worst.add(group, "sorted", ordered, tensor(case["sorted"]))
            worst.add(group, "permutation", permutation, tensor(case["perm"]))
            worst.add(group, "permutationGradient", of_perm, tensor(case["grad_perm"]))
            worst.add(group, "sortedGradient", of_sorted, tensor(case["grad_sorted"]))


def permutation_of(similarities, net, steepness, distribution):
    size = similarities.shape[1]
    return DiffSortNet(net, size, steepness=steepness, distribution=distribution)(similarities)[1]


def paper_file():
    worst = Worst("neco_loss_paper")
    for case in read("neco_loss_paper")["cases"]:
        student, teacher, references = (
            tensor(case[name], dtype).requires_grad_() for name in ("F_s", "F_t", "F_r")
        )
        similarity = lambda f: 1 - torch.nn.functional.normalize(f, dim=1) @ torch.nn.functional.normalize(references, dim=1).T
        group = f"{case['distribution']} {case['steepness_student']:g} {case['steepness_teacher']:g}"
        of = lambda d, b: permutation_of(d, case["net"], b, case["distribution"])
        d_s, d_t = similarity(student), similarity(teacher)
        q_s, q_t = of(d_s, case["steepness_student"]), of(d_t, case["steepness_teacher"])
        forward, backward = -(q_t * q_s.log()).sum(), -(q_s * q_t.log()).sum()
        scalar = lambda key: torch.tensor(float(case[key]), dtype=torch.float64)
        worst.add(group, "loss", forward, scalar("ce_t_to_s_sum"))
        worst.add(group, "loss", forward + backward, scalar("paper_loss_sum"))
        fixed = q_t.detach()
        one_way = -(fixed * q_s.log()).sum()
        for key, loss, inputs in (
            ("grad_one_direction_teacher_detached", one_way, ("F_s", "F_r")),
            ("grad_symmetric_teacher_detached", one_way - (q_s * fixed.log()).sum(), ("F_s", "F_r")),
            ("grad_symmetric_nothing_detached", forward + backward, ("F_s", "F_t", "F_r")),
        ):
            leaves = {"F_s": student, "F_t": teacher, "F_r": references}
            found = torch.autograd.grad(loss, [leaves[part] for part in inputs], retain_graph=True)
            for part, value in zip(inputs, found):
                worst.add(group, "gradient", value, tensor(case[key][part]))


def official_file():
    worst = Worst("neco_loss_official_functions")
    for case in read("neco_loss_official_functions")["cases"]:
        student, teacher, references = (
            tensor(case[name], dtype).flatten(2).transpose(1, 2).requires_grad_()
            for name in ("student", "teacher", "reference")
        )

        def similarities(f):
            if case["sim_dist"] == "euclidean":
                return torch.cdist(f, references, compute_mode="donot_use_mm_for_euclid_dist")
            unit = torch.nn.functional.normalize
            return unit(f, dim=2) @ unit(references, dim=2).transpose(1, 2)

        def matrix(f, steepness):
            rows = similarities(f).flatten(0, 1)
            return permutation_of(rows, case["net"], steepness, case["distribution"])

        size = case["R"]
        group = f"R={size} {case['net']} {case['sim_dist']}"
        p_s, p_t = matrix(student, case["steepness_student"]), matrix(teacher, case["steepness_teacher"]).detach()
        by_row = -(p_t * p_s.log()).sum(2).mean(1)
        unfold = lambda key: tensor(case[key]).flatten(2).transpose(1, 2)
        of_student, of_reference = torch.autograd.grad(by_row.mean(), (student, references), retain_graph=True)
        worst.add(group, "loss", by_row.mean(), torch.tensor(case["loss"], dtype=torch.float64))
        worst.add(group, "gradient", of_student, unfold("grad_student"))
        worst.add(group, "gradient", of_reference, unfold("grad_reference"))

sort_files()
paper_file()
official_file()
print(json.dumps(errors, indent=1))
