"""NeCo's loss with diffsort as the released program computes it, forward and backward."""

import torch
from diffsort import DiffSortNet
from torch.nn.functional import normalize

from numbers_of_index import hashed_numbers


def loss_step(case):
    groups, patches, count, width = (case[key] for key in ("groups", "patches", "references", "dimension"))
    student = hashed_numbers(groups * patches * width, 1).reshape(groups, patches, width).requires_grad_()
    noise = hashed_numbers(groups * patches * width, 2).reshape(groups, patches, width)
    teacher = student.detach() + 0.3 * noise
    references = normalize(hashed_numbers(groups * count * width, 3).reshape(groups, count, width), dim=2)
    sort = DiffSortNet(
        case["network"],
        count,
        steepness=case["steepness"],
        art_lambda=case["lambda"],
        distribution=case["distribution"],
    )

    def similarity(features):
        return (normalize(features, dim=2) @ references.transpose(1, 2)).reshape(-1, count)

    given = case["similarities"] == "Given"
    if given:
        student = similarity(student).detach().requires_grad_()
        teacher = similarity(teacher)

    def permutations(of):
        return sort(of if given else similarity(of))[1]

    def loss_of(student, teacher):
        with torch.no_grad():
            target = permutations(teacher)
        return -(target * permutations(student).log()).sum(2).mean()

    loss_of = torch.compile(loss_of) if case["mode"] == "compiled" else loss_of

    def step():
        student.grad = None
        loss = loss_of(student, teacher)
        loss.backward()
        return loss.item()

    return step
