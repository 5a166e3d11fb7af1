"""Makes src/inference/testing/family-goldens.json: logits of the hybrid test models, computed in PyTorch.

The layers are written down as their papers define them, one token after another, and share only the weights with the ONNX
graphs under test. Needs `torch` and `onnx` (Debian: python3-torch, python3-onnx).

    FAMILY_FIXTURES=/tmp/families npx vitest run src/inference/onnx/family-goldens.test.ts
    python3 scripts/family-goldens/goldens.py /tmp/families
"""
import json
import sys
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch.nn.functional import normalize, silu, softmax, softplus

IDS = [5, 17, 300, 42, 7, 1, 2, 250, 9, 33]
HEADS, KEY_HEADS, HEAD, DELTA_HEAD, STATES = 4, 2, 16, 8, 8


class Layer:
    """One layer: its weights by their names, and all that it remembers of the tokens before."""

    def __init__(self, weights, number):
        prefix = f"model.layers.{number}."
        self.w = {name[len(prefix):]: value for name, value in weights.items() if name.startswith(prefix)}
        self.tables = weights["cos_cache"], weights["sin_cache"]
        self.keys, self.values, self.recent, self.state = [], [], [], 0

    def dot(self, name, x):
        return x @ self.w[f"{name}.MatMul.weight"]

    def mix(self, x):
        mixers = {"conv.": self.short_conv, "linear_attn.": self.delta, "mamba.": self.mamba, "attn.": self.attend}
        return sum(mix(x) for prefix, mix in mixers.items() if any(name.startswith(prefix) for name in self.w))

    def rolling(self, name, x):
        """A causal convolution by channel; tokens before the first are zeros."""
        kernel = self.w[name][:, 0]
        width = kernel.shape[1]
        self.recent = ([torch.zeros_like(x)] * width + self.recent + [x])[-width:]
        return (torch.stack(self.recent, 1) * kernel).sum(1)

    def short_conv(self, x):
        b, c, inner = self.dot("conv.in_proj", x).chunk(3)
        return self.dot("conv.out_proj", c * self.rolling("conv.conv.weight", b * inner))

    def delta(self, x):
        qkv = silu(self.rolling("linear_attn.conv1d.weight", self.dot("linear_attn.in_proj_qkv", x)))
        keys = KEY_HEADS * DELTA_HEAD
        q, k, v = (part.view(-1, DELTA_HEAD) for part in qkv.split([keys, keys, len(qkv) - 2 * keys]))
        q, k = (normalize(part, dim=1).repeat_interleave(HEADS // KEY_HEADS, 0) for part in (q, k))
        decay = self.w["linear_attn.neg_exp_A"] * softplus(
            self.dot("linear_attn.in_proj_a", x) + self.w["linear_attn.dt_bias"]
        )
        beta = torch.sigmoid(self.dot("linear_attn.in_proj_b", x))
        kept = self.state * decay.exp()[:, None, None] + torch.zeros(HEADS, DELTA_HEAD, DELTA_HEAD)
        change = beta[:, None] * (v - torch.einsum("hkv,hk->hv", kept, k))
        self.state = kept + torch.einsum("hk,hv->hkv", k, change)
        out = torch.einsum("hkv,hk->hv", self.state, q) / DELTA_HEAD**0.5
        gated = norm(out, self.w["linear_attn.norm.weight"]).flatten() * silu(self.dot("linear_attn.in_proj_z", x))
        return self.dot("linear_attn.out_proj", gated)

    def mamba(self, x):
        width = self.w["mamba.out_proj.MatMul.weight"].shape[0]
        z, channels, dt = self.dot("mamba.in_proj", x).split([width, width + 2 * STATES, HEADS])
        inner, b, c = silu(self.rolling("mamba.conv.weight", channels)).split([width, STATES, STATES])
        inner = inner.view(HEADS, -1)
        dt = softplus(dt + self.w["mamba.dt_bias"])
        decay = (self.w["mamba.neg_exp_A"] * dt).exp()
        self.state = self.state * decay[:, None, None] + torch.einsum("h,hp,n->hpn", dt, inner, b)
        y = torch.einsum("hpn,n->hp", self.state, c) + self.w["mamba.D"] * inner
        return self.dot("mamba.out_proj", norm(y.flatten() * silu(z), self.w["mamba.norm.weight"]))

    def attend(self, x):
        q, k, v = (self.dot(f"attn.{name}_proj", x).view(-1, HEAD) for name in "qkv")
        if "attn.q_norm.weight" in self.w:
            q, k = norm(q, self.w["attn.q_norm.weight"]), norm(k, self.w["attn.k_norm.weight"])
        cos, sin = (table[len(self.keys)] for table in self.tables)
        self.keys.append(rotate(k, cos, sin))
        self.values.append(v)
        keys, values = (torch.stack(past, 1).repeat_interleave(HEADS // KEY_HEADS, 0) for past in (self.keys, self.values))
        scores = softmax(torch.einsum("hd,htd->ht", rotate(q, cos, sin), keys) / HEAD**0.5, 1)
        return self.dot("attn.o_proj", torch.einsum("ht,htd->hd", scores, values).flatten())

    def run(self, x):
        x = x + self.mix(norm(x, self.w["input_layernorm.weight"]))
        y = norm(x, self.w["post_attention_layernorm.weight"])
        return x + self.dot("mlp.down_proj", silu(self.dot("mlp.gate_proj", y)) * self.dot("mlp.up_proj", y))


def norm(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def logits(path):
    graph = onnx.load(path).graph
    weights = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()).double()
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    layers = [Layer(weights, number) for number in range(3)]
    for token in IDS:
        x = weights["model.embed_tokens.weight"][token]
        for layer in layers:
            x = layer.run(x)
    return norm(x, weights["model.layers.3.final_norm_layernorm.weight"]) @ weights["lm_head.MatMul.weight"]


torch.set_default_dtype(torch.float64)
goldens = {
    path.stem: {"ids": IDS, "logits": [float(f"{value:.6g}") for value in logits(path)]}
    for path in sorted(Path(sys.argv[1]).glob("*.onnx"))
}
target = Path(__file__).parents[2] / "src/inference/testing/family-goldens.json"
target.write_text(json.dumps(goldens) + "\n")
