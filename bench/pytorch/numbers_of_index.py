"""The same pseudo-random numbers as bench/ours/hashed-numbers.ts: a hash of each index."""

import numpy
import torch


def hashed_numbers(count, seed):
    """float32 values in [-0.5, 0.5)."""
    x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761)
    x = x + numpy.uint32((seed * 40503) & 0xFFFFFFFF)
    x ^= x >> numpy.uint32(16)
    x *= numpy.uint32(2246822519)
    x ^= x >> numpy.uint32(13)
    x *= numpy.uint32(3266489917)
    x ^= x >> numpy.uint32(16)
    return torch.from_numpy((x.astype(numpy.float64) / 2**32 - 0.5).astype(numpy.float32))
