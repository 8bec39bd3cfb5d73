"""PyTorch's side of the benchmark: the same work on the same values, on CUDA where there is a device, else on the CPU.

GpuBench starts this and asks a line at a time; every answer is a line that begins with "ok", or is "error WHY".

  hello                           versions, a tab, the modes that can be measured
  launch WAIT | copy WAY N | matmul N | conv GRADIENTS N IN OUT KERNEL SIDE PADDING STRIDE | train NET N
                                  prepares that work, and answers what came out of it: NAME SUM NORM for each result
  sample MODE SECONDS             seconds of a call, over as many as fill SECONDS

Modes: eager; graph, the same work recorded once and replayed as a CUDA graph; tf32-eager and tf32-graph, with tensor cores.
"""

import collections
import sys
import time

import numpy as np
import torch
import torch.nn as nn

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
MODES = ["eager", "graph", "tf32-eager", "tf32-graph"] if CUDA else ["eager"]
CLASSES = 10
BATCHES = 8
COMPARED_STEPS = 3
WARM_UP_CALLS = 3


# ---- The values that HashData makes

def hashes(seed, n):
    h = np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed * 0x85EBCA77 & 0xFFFFFFFF)
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x7FEB352D)
    h = (h ^ h >> np.uint32(15)) * np.uint32(0x846CA68B)
    return h ^ h >> np.uint32(16)


def uniform(seed, shape, bound=1.0):
    n = int(np.prod(shape))
    values = (hashes(seed, n) >> np.uint32(8)).astype(np.float32) * np.float32(2.0 ** -23) - np.float32(1)
    return torch.from_numpy(values * np.float32(bound)).reshape(tuple(shape)).to(DEVICE)


def labels(seed, n):
    return torch.from_numpy(((hashes(seed, n) >> np.uint32(8)) % np.uint32(CLASSES)).astype(np.int64)).to(DEVICE)


def digest(name, tensor):
    values = tensor.detach().cpu().double().flatten().numpy()
    signs = np.where(hashes(999, values.size) >= np.uint32(1 << 31), -1.0, 1.0)
    return f"{name} {float(np.sum(values * signs))!r} {float(np.sqrt(np.sum(values * values)))!r}"


def synchronize():
    if CUDA:
        torch.cuda.synchronize()


# ---- The works: run() asks for it once, digests() tells what comes out, and graph() is what a replay does

class Work:
    def graph(self):
        """A callable that replays run(). On a stream of its own first, as recording demands."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_CALLS):
                self.recorded()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.recorded()
        return lambda: self.replay(graph)

    def recorded(self):
        self.run()

    def replay(self, graph):
        graph.replay()


class Launch(Work):
    def __init__(self, wait):
        self.wait = wait
        self.x = uniform(1, [64])

    def recorded(self):
        self.y = self.x * 0.5

    def replay(self, graph):
        graph.replay()
        if self.wait:
            synchronize()

    def run(self):
        self.recorded()
        if self.wait:
            synchronize()

    def digests(self):
        return [digest("product", self.x * 0.5)]


class Copy(Work):
    """From and to a common array of the program's, as Striate's; nothing of it can be recorded usefully."""

    def __init__(self, way, n):
        self.way = way
        self.host = uniform(1, [n]).cpu()
        self.x = self.host.to(DEVICE, copy=True)
        self.y = torch.zeros_like(self.x)
        self.back = torch.zeros_like(self.host)

    def run(self):
        if self.way == "h2d":
            self.x.copy_(self.host)
        elif self.way == "d2h":
            self.back.copy_(self.x)
        else:
            self.y.copy_(self.x)

    def graph(self):
        return self.run

    def digests(self):
        self.run()
        return [digest("copy", self.y if self.way == "d2d" else self.x)]


class Matmul(Work):
    def __init__(self, n):
        self.a = uniform(1, [n, n])
        self.b = uniform(2, [n, n])

    def run(self):
        self.c = self.a @ self.b

    def digests(self):
        self.run()
        return [digest("product", self.c)]


class Convolution(Work):
    def __init__(self, gradients, batch, channels, out, kernel, side, padding, stride):
        self.gradients = gradients
        self.padding = padding
        self.stride = stride
        outSide = (side + 2 * padding - kernel) // stride + 1
        self.x = uniform(1, [batch, channels, side, side]).requires_grad_(bool(gradients))
        self.w = uniform(2, [out, channels, kernel, kernel]).requires_grad_(bool(gradients))
        self.b = uniform(3, [out]).requires_grad_(bool(gradients))
        self.dy = uniform(4, [batch, out, outSide, outSide])

    def run(self):
        y = nn.functional.conv2d(self.x, self.w, self.b, padding=self.padding, stride=self.stride)
        self.results = torch.autograd.grad(y, [self.x, self.w, self.b], self.dy) if self.gradients else [y]

    def digests(self):
        self.run()
        names = ["input_gradient", "weight_gradient", "bias_gradient"] if self.gradients else ["output"]
        return [digest(name, result) for name, result in zip(names, self.results)]


class Training(Work):
    def __init__(self, net, batch):
        self.net = net
        shape = NETS[net][1]
        self.images = [uniform(10 + i, [batch] + shape) for i in range(BATCHES)]
        self.labels = [labels(30 + i, batch) for i in range(BATCHES)]
        self.steps = 0
        self.begin(False)

    def begin(self, capturable):
        self.model = NETS[self.net][0]().to(DEVICE)
        with torch.no_grad():
            for i, (name, parameter) in enumerate(self.model.named_parameters()):
                if parameter.dim() > 1:
                    parameter.copy_(uniform(100 + i, parameter.shape, 1 / np.sqrt(parameter[0].numel())))
                else:
                    parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        if self.net == "digits":
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05)
        else:
            settings = {"capturable": True} if capturable else {}
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001, **settings)

    def step(self, images, target):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss = nn.functional.cross_entropy(self.model(images), target)
        self.loss.backward()
        self.optimizer.step()
        return self.loss

    def run(self):
        i = self.steps % BATCHES
        self.steps += 1
        self.step(self.images[i], self.labels[i])

    def graph(self):
        self.begin(True)
        self.inputs = self.images[0].clone()
        self.targets = self.labels[0].clone()
        return super().graph()

    def recorded(self):
        self.step(self.inputs, self.targets)

    def replay(self, graph):
        i = self.steps % BATCHES
        self.steps += 1
        self.inputs.copy_(self.images[i])
        self.targets.copy_(self.labels[i])
        graph.replay()

    def digests(self):
        self.begin(False)
        found = []
        for i in range(1, COMPARED_STEPS + 1):
            loss = self.step(self.images[i - 1], self.labels[i - 1]).item()
            found.append(f"loss_{i} {loss!r} {abs(loss)!r}")
        return found


# ---- The nets, with the names that Striate's parameters have

def named(*layers):
    return nn.Sequential(collections.OrderedDict(layers))


def digits():
    return named(
        ("conv1", nn.Conv2d(1, 8, 3, padding=1)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(8, 16, 3, padding=1)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()), ("fc", nn.Linear(64, CLASSES)))


def lenet():
    return named(
        ("conv1", nn.Conv2d(1, 6, 5)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(6, 16, 5)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(400, 120)), ("relu3", nn.ReLU()),
        ("fc2", nn.Linear(120, 84)), ("relu4", nn.ReLU()), ("fc3", nn.Linear(84, CLASSES)))


def cifar():
    return named(
        ("conv1", nn.Conv2d(3, 32, 3)), ("bn1", nn.BatchNorm2d(32)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(32, 64, 3)), ("bn2", nn.BatchNorm2d(64)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()), ("fc1", nn.Linear(2304, 256)), ("relu3", nn.ReLU()), ("fc2", nn.Linear(256, CLASSES)))


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(x + self.bn2(self.conv2(y)))


def resnet9():
    layers = []

    def convolution(i, channels, out):
        layers.extend([(f"conv{i}", nn.Conv2d(channels, out, 3, padding=1, bias=False)), (f"bn{i}", nn.BatchNorm2d(out)),
                       (f"relu{i}", nn.ReLU())])

    convolution(1, 3, 64)
    convolution(2, 64, 128)
    layers.extend([("pool2", nn.MaxPool2d(2)), ("res2", ResidualBlock(128))])
    convolution(3, 128, 256)
    layers.append(("pool3", nn.MaxPool2d(2)))
    convolution(4, 256, 512)
    layers.extend([("pool4", nn.MaxPool2d(2)), ("res4", ResidualBlock(512)), ("pool", nn.AdaptiveAvgPool2d(1)),
                   ("flatten", nn.Flatten()), ("fc", nn.Linear(512, CLASSES))])
    return named(*layers)


NETS = {"digits": (digits, [1, 8, 8]), "lenet5": (lenet, [1, 32, 32]), "cifar": (cifar, [3, 32, 32]),
        "resnet9": (resnet9, [3, 32, 32])}


# ---- Requests

def tf32(on):
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


def make(words):
    kind = words[0]
    numbers = [int(word) for word in words[1:] if word.isdigit()]
    if kind == "launch":
        return Launch(*numbers)
    if kind == "copy":
        return Copy(words[1], *numbers)
    if kind == "matmul":
        return Matmul(*numbers)
    if kind == "conv":
        return Convolution(*numbers)
    if kind == "train":
        return Training(words[1], *numbers)
    raise ValueError(f"there is no work {kind}")


class Peer:
    def __init__(self):
        self.words = []
        self.callables = {}

    def prepare(self, words):
        self.words = words
        self.callables = {}
        if CUDA:
            torch.cuda.empty_cache()
        tf32(False)
        return " ".join(make(words).digests())

    def sample(self, mode, seconds):
        tf32(mode.startswith("tf32"))
        if mode not in self.callables:
            self.callables[mode] = self.ready(mode, seconds)
        return self.timed(*self.callables[mode])

    def ready(self, mode, seconds):
        # Each mode has tensors of its own: what is recorded keeps its memory.
        work = make(self.words)
        call = work.graph() if mode.endswith("graph") else work.run
        calls = 1
        spent = 0.0
        rounds = 0
        while spent < seconds or rounds < WARM_UP_CALLS:
            per_call = self.timed(call, calls)
            spent += per_call * calls
            rounds += 1
            calls = max(1, min(4 * calls, round(seconds / per_call)))
        return call, calls

    @staticmethod
    def timed(call, calls):
        synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        synchronize()
        return (time.perf_counter() - start) / calls


def hello():
    what = torch.cuda.get_device_name() if CUDA else f"CPU, {torch.get_num_threads()} threads"
    versions = f"torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}, {what}"
    return versions + "\t" + ",".join(MODES)


def main():
    torch.backends.cudnn.benchmark = True
    peer = Peer()
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "hello":
                answer = hello()
            elif words[0] == "sample":
                answer = repr(peer.sample(words[1], float(words[2])))
            else:
                answer = peer.prepare(words)
            print("ok " + answer)
        except Exception as e:
            print("error " + str(e).split("\n")[0])


if __name__ == "__main__":
    main()
