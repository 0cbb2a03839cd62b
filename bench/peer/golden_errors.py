"""The worst error of PyTorch + diffsort in the golden files of the sort, by file and quantity.

    bench/.venv/bin/python bench/peer/golden_errors.py [float32|float64]

test/golden/float32-tolerances.ts records what float32 gives. Errors are relative to the
largest finite value of the tensor; a tensor that is not finite in the file or here is counted.
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
    def __init__(self, file):
        self.file = file
        self.errors = defaultdict(lambda: (0.0, ""))
        self.not_finite = defaultdict(int)

    def add(self, quantity, value, expected, case):
        value = value.detach().double()
        if not (torch.isfinite(value).all() and torch.isfinite(expected).all()):
            self.not_finite[quantity] += 1
            return
        largest = max(expected.abs().max().item(), 1e-300)
        error = (value - expected).abs().max().item() / largest
        self.errors[quantity] = max(self.errors[quantity], (error, case))

    def print(self):
        for quantity, (error, case) in sorted(self.errors.items()):
            print(f"{self.file} {quantity} {error:.3e} ({case})")
        for quantity, count in sorted(self.not_finite.items()):
            print(f"{self.file} {quantity} not finite: {count}")


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
            name = f"{case.get('name', '')} n={case['n']} {case['net']} {case['distribution']} b={case['steepness']}"
            (of_sorted,) = torch.autograd.grad((tensor(inputs["v"], dtype) * ordered).sum(), x, retain_graph=True)
            (of_perm,) = torch.autograd.grad((tensor(inputs["W"], dtype) * permutation).sum(), x)
            worst.add("sorted", ordered, tensor(case["sorted"]), name)
            worst.add("perm", permutation, tensor(case["perm"]), name)
            worst.add("grad_perm", of_perm, tensor(case["grad_perm"]), name)
            worst.add("grad_sorted", of_sorted, tensor(case["grad_sorted"]), name)
        worst.print()


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
        name = f"{case['net']} {case['distribution']} b={case['steepness_student']},{case['steepness_teacher']}"
        of = lambda d, b: permutation_of(d, case["net"], b, case["distribution"])
        d_s, d_t = similarity(student), similarity(teacher)
        q_s, q_t = of(d_s, case["steepness_student"]), of(d_t, case["steepness_teacher"])
        forward, backward = -(q_t * q_s.log()).sum(), -(q_s * q_t.log()).sum()
        worst.add("D", d_s, tensor(case["D_s"]), name)
        worst.add("D", d_t, tensor(case["D_t"]), name)
        worst.add("Q", q_s, tensor(case["Q_s"]), name)
        worst.add("Q", q_t, tensor(case["Q_t"]), name)
        worst.add("ce", forward, torch.tensor(float(case["ce_t_to_s_sum"]), dtype=torch.float64), name)
        worst.add("ce", backward, torch.tensor(float(case["ce_s_to_t_sum"]), dtype=torch.float64), name)
        q_t = q_t.detach()
        wanted = ("F_s", "F_r")
        for key, loss in (
            ("grad_one_direction_teacher_detached", -(q_t * q_s.log()).sum()),
            ("grad_symmetric_teacher_detached", -(q_t * q_s.log()).sum() - (q_s * q_t.log()).sum()),
        ):
            found = torch.autograd.grad(loss, (student, references), retain_graph=True)
            for part, value in zip(wanted, found):
                worst.add("gradient", value, tensor(case[key][part]), f"{name} {key} {part}")
        found = torch.autograd.grad(forward + backward, (student, teacher, references))
        for part, value in zip(("F_s", "F_t", "F_r"), found):
            worst.add("gradient", value, tensor(case["grad_symmetric_nothing_detached"][part]), f"{name} nothing {part}")
    worst.print()


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
        name = f"R={size} {case['net']} {case['sim_dist']}"
        p_s, p_t = matrix(student, case["steepness_student"]), matrix(teacher, case["steepness_teacher"]).detach()
        by_row = -(p_t * p_s.log()).sum(2).mean(1)
        unfold = lambda key: tensor(case[key]).flatten(2).transpose(1, 2)
        of_student, of_reference = torch.autograd.grad(by_row.mean(), (student, references), retain_graph=True)
        worst.add("loss", by_row.mean(), torch.tensor(case["loss"], dtype=torch.float64), name)
        worst.add("gradient", of_student, unfold("grad_student"), f"{name} student")
        worst.add("gradient", of_reference, unfold("grad_reference"), f"{name} reference")
        if "P_student" not in case:
            continue
        official = lambda key: tensor(case[key]).flatten(3).permute(0, 3, 2, 1).flatten(0, 1)
        worst.add("P", p_s, official("P_student"), name)
        worst.add("P", p_t, official("P_teacher"), name)
    worst.print()


sort_files()
paper_file()
official_file()
