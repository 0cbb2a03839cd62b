"""One benchmark case in PyTorch, timed on request.

    python bench/pytorch/main.py '{"kind": "loss", "mode": "eager", ...}'

Prints one JSON line when ready (versions, the loss of a first run), then one for each line on
stdin: `run` answers {"ms"}; the end of stdin answers with the peak resident memory above that
after the imports. One thread.
"""

import json
import resource
import sys
import time

import torch

from loss_step import loss_step
from training_step import training_step

torch.set_num_threads(1)


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_message(message):
    print(json.dumps(message), flush=True)


after_imports = peak_bytes()
case = json.loads(sys.argv[1])
step = {"loss": loss_step, "step": training_step}[case["kind"]](case)
first = step()
step()
write_message(
    {
        "loss": first if first == first else None,
        "versions": f"PyTorch {torch.__version__}, diffsort 0.2.0, {torch.backends.cpu.get_cpu_capability()}",
    }
)
for _ in sys.stdin:
    start = time.perf_counter()
    step()
    write_message({"ms": (time.perf_counter() - start) * 1000})
write_message({"peak_bytes": peak_bytes() - after_imports})
