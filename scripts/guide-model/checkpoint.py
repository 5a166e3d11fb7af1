#!/usr/bin/env python3
"""Rebuild a train.py checkpoint from an exported model, so that training can go on from the weights that ship.

The 4-bit blocks become floats again, (q - 8) * scale, which quantize back to the same values.
Usage: checkpoint.py MODEL_DIR [ckpt.pt]
"""
import os, sys
import numpy as np
import onnx.numpy_helper
import torch
from model import Llama, CONFIG as C

folder, out = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else 'ckpt.pt'
graph = onnx.load(os.path.join(folder, 'onnx', 'model_q4.onnx')).graph
tensors = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}


def linear(name):
    """The float weight [N, K] of one MatMulNBits node; low nibble first."""
    blob = tensors[name + '.MatMul.weight_Q4']                           # [N, K/32, 16]
    q = np.stack((blob & 15, blob >> 4), -1).reshape(*blob.shape[:2], 32).astype(np.float32)
    scale = tensors[name + '.MatMul.weight_scales'].reshape(*blob.shape[:2], 1)
    return ((q - 8) * scale).reshape(blob.shape[0], -1)


model = Llama()
state = {'embed_tokens.weight': tensors['model.embed_tokens.weight'], 'lm_head.weight': linear('lm_head'),
         'norm.weight': tensors[f"model.layers.{C['num_hidden_layers']}.final_norm_layernorm.weight"]}
for i in range(C['num_hidden_layers']):
    p, s = f'model.layers.{i}', f'layers.{i}'
    for norm in ('input_layernorm', 'post_attention_layernorm'):
        state[f'{s}.{norm}.weight'] = tensors[f'{p}.{norm}.weight']
    state[f'{s}.qkv_proj.weight'] = np.concatenate([linear(f'{p}.attn.{x}_proj') for x in 'qkv'])
    state[f'{s}.o_proj.weight'] = linear(f'{p}.attn.o_proj')
    state[f'{s}.gate_up_proj.weight'] = np.concatenate([linear(f'{p}.mlp.{x}_proj') for x in ('gate', 'up')])
    state[f'{s}.down_proj.weight'] = linear(f'{p}.mlp.down_proj')
model.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in state.items()})
torch.save(dict(flat=torch.cat([p.detach().reshape(-1) for p in model.parameters()])), out)
print('wrote', out)
