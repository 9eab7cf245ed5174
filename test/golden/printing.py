"""Writes printing.json: how PyTorch prints tensors. Usage: python test/golden/printing.py > test/golden/printing.json"""

import json

import torch

inf, nan = float("inf"), float("nan")
ROWS = [
    ([1, 2, 3], [3]),
    ([1.5, -2, 3], [3]),
    ([3.5], []),
    ([7], []),
    ([], [0]),
    ([], [0, 3]),
    ([1e-5, 1], [2]),
    ([1e5, 1], [2]),
    ([123456, 1.5], [2]),
    ([1e9, 2e9], [2]),
    ([1000, 999], [2]),
    ([1001, 0.999], [2]),
    ([1e-4, 0.05], [2]),
    ([2e-5, 3e-5], [2]),
    ([nan, 1, inf], [3]),
    ([nan, -inf, 0.25], [3]),
    ([0, 0, 0, 0], [2, 2]),
    ([0, -1, 2, -30], [2, 2]),
    ([i / 7 for i in range(24)], [2, 3, 4]),
    (list(range(8)), [2, 2, 2, 1]),
    ([i * 1.25 for i in range(30)], [30]),
    ([i * 1.25 for i in range(60)], [2, 30]),
    (list(range(1000)), [1000]),
    (list(range(1001)), [1001]),
    ([i % 10 for i in range(2000)], [40, 50]),
    ([i % 10 / 4 for i in range(2000)], [2, 2, 20, 25]),
    (list(range(2000)), [40, 50]),
    ([i % 10 for i in range(1200)], [3, 400]),
]

INTS = [([1, 2, 3, 40], [2, 2]), ([-5], []), ([100000000, 1], [2]), (list(range(2000)), [40, 50])]

rows = [(data, shape, "f32", torch.float32) for data, shape in ROWS] + [
    (data, shape, "i32", torch.int32) for data, shape in INTS
]
print(
    json.dumps(
        [
            {
                "data": [str(v) if v != v or v in (inf, -inf) else v for v in data],
                "shape": shape,
                "dtype": dtype,
                "text": str(torch.tensor(data, dtype=kind).reshape(shape)),
            }
            for data, shape, dtype, kind in rows
        ],
        separators=(",", ":"),
    )
)
