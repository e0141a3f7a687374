"""A domain on small devices: its networks as ONNX files, run by onnxruntime alone or in a browser."""
