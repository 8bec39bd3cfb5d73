#!/usr/bin/env python3
"""Converts a model of `striate cifar10 --model simple` to PyTorch and back; called by ./verify --full if Python has torch.

    torch-exchange.py MODEL TEST_BATCH OUT

Loads all weights of MODEL by name into the same network built from torch.nn, prints its accuracy on CIFAR-10's TEST_BATCH
(test_batch.bin), and writes the state_dict of the network to OUT for `striate evaluate`.
"""
import collections
import json
import struct
import sys

if __name__ == "__main__":
    # Before torch is imported, which takes seconds or fails.
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        sys.exit()
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())

try:
    import torch
except ImportError as error:
    sys.exit(f"torch-exchange.py: PyTorch is needed, but it cannot be imported: {error}")
from torch import nn

try:
    from safetensors.torch import load_file, save_file
except ImportError:
    # The format is simple: the length of the header, the header in JSON, the bytes of all tensors.
    TYPES = {"F32": torch.float32, "I64": torch.int64}

    def load_file(path):
        with open(path, "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
            data = bytearray(file.read())
        header.pop("__metadata__", None)
        tensors = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[start:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
        return tensors

    def save_file(tensors, path, metadata):
        names = {dtype: name for name, dtype in TYPES.items()}
        header, blobs, end = {"__metadata__": metadata}, [], 0
        for name, tensor in tensors.items():
            blob = tensor.contiguous().numpy().tobytes()
            header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(blob)]}
            blobs.append(blob)
            end += len(blob)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def metadata_of(path):
    with open(path, "rb") as file:
        return json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))["__metadata__"]


def network():
    return nn.Sequential(collections.OrderedDict(
        conv1=nn.Conv2d(3, 32, 3), bn1=nn.BatchNorm2d(32), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(32, 64, 3), bn2=nn.BatchNorm2d(64), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(), fc1=nn.Linear(2304, 256), relu3=nn.ReLU(), fc2=nn.Linear(256, 10)))


def main(model_path, batch_path, out_path):
    metadata = metadata_of(model_path)
    state = {name: tensor for name, tensor in load_file(model_path).items() if not name.startswith(("optimizer.", "trainer."))}
    model = network()
    missing, unexpected = model.load_state_dict(state, strict=False)
    # PyTorch also counts batches, which does not affect the results.
    if unexpected or [name for name in missing if not name.endswith("num_batches_tracked")]:
        sys.exit(f"tensor names differ: missing in the file {missing}, unknown to PyTorch {unexpected}")
    model.eval()
    records = torch.frombuffer(bytearray(open(batch_path, "rb").read()), dtype=torch.uint8).reshape(-1, 1 + 3 * 32 * 32)
    labels = records[:, 0].long()
    mean = torch.tensor(json.loads(metadata["model.mean"])).reshape(1, 3, 1, 1)
    deviation = torch.tensor(json.loads(metadata["model.deviation"])).reshape(1, 3, 1, 1)
    correct = 0
    with torch.no_grad():
        for images, wanted in zip(records[:, 1:].reshape(-1, 3, 32, 32).split(500), labels.split(500)):
            correct += (model((images / 255.0 - mean) / deviation).argmax(1) == wanted).sum().item()
    print(correct / len(labels))
    kept = {name: text for name, text in metadata.items() if name.startswith("model.")}
    save_file(model.state_dict(), out_path, metadata=kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
