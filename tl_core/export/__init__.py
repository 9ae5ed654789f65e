"""What a finished run can be taken home as: weights, ONNX, a notebook, a report."""
