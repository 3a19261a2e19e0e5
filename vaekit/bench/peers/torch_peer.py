"""The model in PyTorch, with its fused Adam.

Modes: eager; channels_last, eager with that memory format, sound as images of height 1;
compile, the loss and its gradient through torch.compile.
"""

import math
import os

import torch
import torch.nn.functional as F
import turns
from torch import nn

torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())

LAST = turns.MODE == "channels_last"
SPACE = turns.SHAPE[:-1]
AXES = len(SPACE)
FLAT = LAST and AXES == 1  # PyTorch has the format for images only
CONV, TRANSPOSED = (nn.Conv1d, nn.ConvTranspose1d) if AXES == 1 and not FLAT else (nn.Conv2d, nn.ConvTranspose2d)


def size(n, flat):
    return (flat, n) if FLAT else n


def shape(of):
    """[…, channels] as PyTorch has it: channels first."""
    return (of[-1], *([1] if FLAT else []), *of[:-1])


def net(layers, features):
    """The layers, and how many features come out. Features are those of a dense layer, or channels."""
    made = []
    for layer in layers:
        relu = layer.get("relu", False)
        kernel, stride, units = layer.get("kernel", 1), layer.get("stride", 1), layer.get("units")
        part = None
        match layer["kind"]:
            case "flatten":
                made.append(nn.Flatten())
                features = layer["values"]
            case "reshape":
                made.append(nn.Unflatten(1, shape(layer["shape"])))
                features = layer["shape"][-1]
            case "dense":
                part = nn.Linear(features, units)
            case "conv":
                part = CONV(features, units, size(kernel, 1), size(stride, 1), size((kernel - 1) // 2, 0))
            case "transposed":
                part = TRANSPOSED(
                    features, units, size(kernel, 1), size(stride, 1), size((kernel - 1) // 2, 0), size(stride - 1, 0)
                )
        if part:
            fan = "fan_out" if layer["kind"] == "transposed" else "fan_in"  # its weight is [in, out, …]
            nn.init.kaiming_uniform_(part.weight, mode=fan) if relu else nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)
            made.append(part)
            features = units
        if relu:
            made.append(nn.ReLU())
    return nn.Sequential(*made), features


class VAE(nn.Module):
    """Returns the loss of a batch, in nats."""

    def __init__(self):
        super().__init__()
        self.encoder, features = net(turns.ENCODER, turns.SHAPE[-1])
        self.head = nn.Linear(features, 2 * turns.LATENT)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.decoder, _ = net(turns.DECODER, turns.LATENT)

    def forward(self, values, indices):
        x = values[indices].float()
        if turns.BYTES:
            x = x / 255
        image = x.view(len(x), *shape(turns.SHAPE))
        if LAST:
            image = image.contiguous(memory_format=torch.channels_last)
        mu, logvar = self.head(self.encoder(image).flatten(1)).chunk(2, -1)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        out = self.decoder(z).reshape(len(x), -1)
        if turns.BYTES:
            distortion = F.binary_cross_entropy_with_logits(out, x, reduction="sum")
        else:
            constant = x.numel() * math.log(turns.SIGMA * math.sqrt(2 * math.pi))
            distortion = F.mse_loss(out, x, reduction="sum") / (2 * turns.SIGMA**2) + constant
        rate = 0.5 * torch.sum(torch.exp(logvar) + mu**2 - 1 - logvar)
        return (distortion + rate) / len(x)


def build(values):
    torch.manual_seed(0)
    values = torch.from_numpy(values)
    model = VAE()
    if LAST:
        model = model.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=turns.RATE, fused=True)
    loss_of = torch.compile(model) if turns.MODE == "compile" else model

    def take(order):
        losses = []
        for indices in torch.from_numpy(order):
            adam.zero_grad(set_to_none=True)
            loss = loss_of(values, indices)
            loss.backward()
            adam.step()
            losses.append(loss.detach())
        return losses

    return take


turns.serve(build, f"PyTorch {torch.__version__}")
