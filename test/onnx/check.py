"""Checks files of ONNX with onnx and onnxruntime. Reads requests as lines of JSON, answers one line each:
{"model": file, "cases": [{"x": file, "shape": [n, c, h, w], "y": file}]}, arrays as raw little-endian f32;
{"operators": n, "error": largest difference over largest value, "largest": value, "metadata": {...}} or {"failure": text}.
Usage: python check.py"""

import json
import sys

import numpy
import onnx
import onnxruntime


def check(request):
    onnx.checker.check_model(request["model"], full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 2  # warnings go to stderr
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
    error, largest = 0.0, 0.0
    for case in request["cases"]:
        x = numpy.fromfile(case["x"], "<f4").reshape(case["shape"])
        (y,) = session.run(["logits"], {"input": x})
        expected = numpy.fromfile(case["y"], "<f4").reshape(y.shape)
        top = float(numpy.abs(expected).max())
        difference = float(numpy.abs(y - expected).max()) / (top or 1)
        error = max(error, difference) if difference == difference else float("inf")
        largest = max(largest, top)
    metadata = session.get_modelmeta().custom_metadata_map
    return {"error": error, "largest": largest, "metadata": metadata}


print(json.dumps({"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}), flush=True)
for line in sys.stdin:
    try:
        answer = check(json.loads(line))
    except Exception as failure:
        answer = {"failure": f"{type(failure).__name__}: {failure}"}
    print(json.dumps(answer), flush=True)
