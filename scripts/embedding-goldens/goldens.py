"""Makes src/inference/testing/embedding-goldens.json: vectors of the test models for embeddings, computed in NumPy.

The layers are written down as their papers define them, one text at a time and without padding, and share only the weights
and tokenizer.json with the code under test. Needs `numpy`, `onnx` and `tokenizers`.

    EMBEDDER_FIXTURES=/tmp/embedders npx vitest run src/inference/onnx/embedder.test.ts
    python3 scripts/embedding-goldens/goldens.py /tmp/embedders
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from tokenizers import Tokenizer

TEXTS = [
    "a",
    "hello world",
    "The cats sat on the mat, didn't they?",
    "Ünïcödé café — naïve!",
    "猫 and 🙂 and 猫",
    "   ",
    "models modeling modeled " * 4,
]
erf = np.vectorize(math.erf)


def weights_of(path):
    graph = onnx.load(path).graph
    return {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float64)
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def encoder(w, ids, heads=4):
    def norm(name, x):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(name, x):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["embeddings.word"][ids] + w["embeddings.position"][: len(ids)] + w["embeddings.type"][0]
    x = norm("embeddings.norm", x)
    for layer in range(2):
        name = f"layer.{layer}."
        q, k, v = (
            dense(name + part, x).reshape(len(ids), heads, -1).swapaxes(0, 1) for part in ("query", "key", "value")
        )
        mixed = softmax(q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])) @ v
        x = norm(name + "norm_1", x + dense(name + "output", mixed.swapaxes(0, 1).reshape(len(ids), -1)))
        up = dense(name + "up", x)
        x = norm(name + "norm_2", x + dense(name + "down", up * (1 + erf(up / math.sqrt(2))) / 2))
    return x.mean(0)


def decoder(w, ids, heads=4, key_heads=2, head=16):
    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w[name]

    def silu(x):
        return x / (1 + np.exp(-x))

    def rotate(x):
        a, b = np.split(x, 2, -1)
        cos, sin = (w[name][: len(ids), None] for name in ("cos_cache", "sin_cache"))
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    x = w["model.embed_tokens.weight"][ids]
    future = np.triu(np.full((len(ids), len(ids)), -np.inf), 1)
    for layer in range(3):
        name = f"model.layers.{layer}."
        y = norm(x, name + "input_layernorm.weight")
        q, k, v = (
            (y @ w[f"{name}attn.{part}_proj.MatMul.weight"]).reshape(len(ids), -1, head) for part in ("q", "k", "v")
        )
        q, k = rotate(q), rotate(k)
        k, v = (part.repeat(heads // key_heads, 1) for part in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(head) + future
        mixed = np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(len(ids), -1)
        x = x + mixed @ w[name + "attn.o_proj.MatMul.weight"]
        y = norm(x, name + "post_attention_layernorm.weight")
        gate, up, down = (w[f"{name}mlp.{part}_proj.MatMul.weight"] for part in ("gate", "up", "down"))
        x = x + (silu(y @ gate) * (y @ up)) @ down
    return norm(x, "model.layers.3.final_norm_layernorm.weight")[-1]


folder = Path(sys.argv[1])
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.no_truncation()
goldens = {}
for model, compute in (("encoder", encoder), ("decoder", decoder), ("rotary", decoder)):
    weights = weights_of(folder / f"{model}.onnx")
    goldens[model] = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        vector = compute(weights, ids)
        vector = vector / np.linalg.norm(vector)
        goldens[model].append({"text": text, "ids": ids, "vector": [float(f"{value:.6g}") for value in vector]})
target = Path(__file__).parents[2] / "src/inference/testing/embedding-goldens.json"
target.write_text(json.dumps(goldens, ensure_ascii=False) + "\n")
