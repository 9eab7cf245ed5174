#!/usr/bin/env bash
# A pooling with ceil_mode whose last window would begin in the padding: PyTorch, onnxruntime and onnx's own reference leave that
# window out, at every opset. onnx's shape inference counts it up to opset 21 and leaves it out from 22 on (onnx/onnx#5741). So
# the checker refuses a file of opset 17 that states the shape which everybody computes, and passes one that states another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 numpy
cat >"$folder/pool.py" <<'PY'
# Windows of 2 with stride 2 over 3 pixels padded by 1 on both sides begin at -1, 1 and 3; the last one lies in the padding.
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def model(operator, opset, size):
    node = helper.make_node(
        operator, ["x"], ["y"], ceil_mode=1, kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1]
    )
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 3, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, size, size])
    graph = helper.make_graph([node], "pool", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def passes(file):
    try:
        onnx.checker.check_model(file, full_check=True)
        return "passes"
    except onnx.shape_inference.InferenceError:
        return "is refused"


x = numpy.arange(9, dtype=numpy.float32).reshape(1, 1, 3, 3)
options = onnxruntime.SessionOptions()
options.log_severity_level = 3  # it warns of shapes that differ
for operator in ("MaxPool", "AveragePool"):
    for opset in (11, 17, 22):
        file = model(operator, opset, 2)
        session = onnxruntime.InferenceSession(file.SerializeToString(), options, ["CPUExecutionProvider"])
        runtime = session.run(None, {"x": x})[0].shape[2]
        reference = ReferenceEvaluator(file).run(None, {"x": x})[0].shape[2]
        said = f"2 {passes(file)}, 3 {passes(model(operator, opset, 3))}"
        print(f"{operator} opset {opset}: onnxruntime {runtime}, reference {reference}; a stated {said}")
PY
"$folder/venv/bin/python" "$folder/pool.py" 2>/dev/null | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN' && echo "as recorded"
MaxPool opset 11: onnxruntime 2, reference 2; a stated 2 is refused, 3 passes
MaxPool opset 17: onnxruntime 2, reference 2; a stated 2 is refused, 3 passes
MaxPool opset 22: onnxruntime 2, reference 2; a stated 2 passes, 3 is refused
AveragePool opset 11: onnxruntime 2, reference 2; a stated 2 is refused, 3 passes
AveragePool opset 17: onnxruntime 2, reference 2; a stated 2 is refused, 3 passes
AveragePool opset 22: onnxruntime 2, reference 2; a stated 2 passes, 3 is refused
SEEN
