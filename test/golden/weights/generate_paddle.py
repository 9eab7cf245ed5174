"""Writes paddle*.pdparams and paddle.json beside this file: python3 generate_paddle.py (paddlepaddle 3.3.1, numpy 2).

A tiny network's state dict as paddle.save() writes it, of each protocol, in a checkpoint, in half precision, of a student with its
teacher; and what PyTorch would have: names, and linear layers [out, in]. "x" and "y": an input and what the network makes of it.
"""

import json
import pathlib

import numpy as np
import paddle

HERE = pathlib.Path(__file__).parent


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = paddle.nn.Conv2D(1, 3, 3)
        self.bn = paddle.nn.BatchNorm2D(3)
        self.square = paddle.nn.Linear(3, 3)
        self.fc = paddle.nn.Linear(3, 2)

    def forward(self, x):
        x = paddle.nn.functional.relu(self.bn(self.conv(x))).mean([2, 3])
        return self.fc(self.square(x))


random = np.random.RandomState(1)
net = Net()
net.eval()
for name, tensor in net.state_dict().items():
    drawn = random.uniform(0.5, 1.5, tensor.shape) if "_variance" in name else random.normal(size=tensor.shape)
    tensor.set_value(drawn.astype("float32"))
state = net.state_dict()
for protocol in (2, 3, 4):
    paddle.save(state, str(HERE / f"paddle{protocol}.pdparams"), protocol=protocol)
paddle.save({"epoch": 3, "best": 0.5, "model": state}, str(HERE / "paddle-checkpoint.pdparams"))

wide = {"half.weight": state["fc.weight"].astype("float16"), "brain.weight": state["fc.weight"].astype("bfloat16")}
wide |= {
    "double": state["fc.bias"].astype("float64"),
    "long": paddle.to_tensor([1, -(2**40)]),
    "bool": paddle.to_tensor([True, False]),
    "attn.relative_position_index": paddle.arange(4),
    "_ef._blocks.0.._bn._mean": state["bn._mean"],
    "scalar": paddle.to_tensor(1.5),
}
paddle.save(wide, str(HERE / "paddle-types.pdparams"))
both = {f"Student.{name}": tensor for name, tensor in state.items()}
both |= {f"Teacher.{name}": tensor * 2 for name, tensor in state.items()}
paddle.save(both, str(HERE / "paddle-student.pdparams"))

NAMES = {"bn._mean": "bn.running_mean", "bn._variance": "bn.running_var"}
expected = {
    NAMES.get(name, name): {"shape": list(array.shape), "data": array.flatten().tolist()}
    for name, array in ((n, t.numpy().T if n in ("square.weight", "fc.weight") else t.numpy()) for n, t in state.items())
}
x = random.normal(size=(2, 1, 5, 5)).astype("float32")
y = net(paddle.to_tensor(x)).numpy()
brain = state["fc.weight"].astype("bfloat16").astype("float32").numpy().T.flatten().tolist()
half = state["fc.weight"].numpy().astype("float16").astype("float32").T.flatten().tolist()
text = json.dumps({"state": expected, "brain": brain, "half": half, "x": x.flatten().tolist(), "y": y.flatten().tolist()})
(HERE / "paddle.json").write_text(text + "\n")
