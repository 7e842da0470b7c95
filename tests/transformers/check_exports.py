#!/usr/bin/env python3
"""Compares checkpoints that Tributary exports with what Hugging Face transformers computes from them.

    check_exports.py TRIBUTARY GOLDEN [BASE DELTA...]

TRIBUTARY is the start script and GOLDEN the folder tests/golden/hf. A fine-tune of every checkpoint
there is made (each weight moved a little, by a seed), compressed, exported with its delta merged in, and
loaded by transformers, as is what a LoRA adapter and the deltas named after BASE make of their bases.

Of each, float32 logits of both on the CPU may differ by a tenth of what bfloat16 makes of the logits
within transformers itself (on the GPU where there is one), and greedy tokens must be equal. What a lossless
delta makes must give the fine-tune's own logits, bit by bit.

Needs torch, transformers and safetensors. Exit code 1 if any of that does not hold.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

SEED = 20261123
PROMPT, GREEDY = 8, 24
CODECS = {
    "planes": ["--codec", "bitdelta", "--planes", "3"],
    "lossless": ["--codec", "lossless"],
}


def tributary(*arguments):
    """Runs a command and returns what it prints as JSON, and whether it ended well."""
    done = subprocess.run(
        [sys.argv[1], *map(str, arguments), "--json"], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout or "{}"), done.returncode == 0


def must(*arguments):
    answer, well = tributary(*arguments)
    if not well:
        sys.exit(f"tributary {' '.join(map(str, arguments))}: {answer}")
    return answer


def load(folder, kind, device):
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=kind, attn_implementation="eager", local_files_only=True)
    return model.to(device).eval()


def moved(original, folder):
    """A copy of a checkpoint whose every weight differs a little."""
    shutil.copytree(original, folder)
    generator = torch.Generator().manual_seed(SEED)
    weights = load_file(folder / "model.safetensors")
    for name, weight in weights.items():
        noise = torch.randn(weight.shape, generator=generator) * weight.float().std().clamp(min=0.01)
        weights[name] = (weight.float() + 0.1 * noise).to(weight.dtype).contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def check(name, folder, same_as=None):
    """Compares one checkpoint; prints a line and returns whether all holds."""
    model = load(folder, torch.float32, "cpu")
    generator = torch.Generator().manual_seed(SEED)
    ids = torch.randint(3, model.config.vocab_size, (2, PROMPT + GREEDY // 2), generator=generator)
    logits = model(ids).logits
    tokens = ids[:1, :PROMPT]
    for _ in range(GREEDY):
        best = model(tokens).logits[:, -1].argmax(-1, keepdim=True)
        tokens = torch.cat([tokens, best], dim=1)
    save_file(
        {"input_ids": ids, "logits": logits.contiguous(), "greedy": tokens.contiguous()},
        folder / "expected.safetensors")
    verdict, _ = tributary("verify", "--backend", "cpu", folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    half = load(folder, torch.bfloat16, device)(ids.to(device)).logits.float().cpu()
    rounding = (half - logits).abs().max().item()
    error = verdict.get("max_abs_error", float("inf"))
    equal = same_as is None or torch.equal(
        load(same_as, torch.float32, "cpu")(ids).logits, logits)
    well = error <= rounding / 10 and verdict.get("greedy_matches", False) and equal
    print(
        f"{name:32} {error:14.2e} {rounding:14.2e} {logits.abs().max().item():10.2f}"
        f"  {'equal' if verdict.get('greedy_matches') else 'DIFFER':8}"
        f"{'ok' if well else 'FAILED'}", flush=True)
    return well


def main():
    golden = pathlib.Path(sys.argv[2])
    results = []
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    print(f"{'checkpoint':32} {'float32 error':>14} {'bf16 rounding':>14} {'largest':>10}  greedy")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary)

        def export(name, base, delta, same_as=None):
            out = scratch / f"{name}-exported"
            must("export", "--base", base, "--delta", delta, "--out", out)
            results.append(check(name, out, same_as))

        for original in sorted(golden.iterdir()):
            if not (original / "config.json").exists():
                continue
            tuned = scratch / f"{original.name}-tuned"
            moved(original, tuned)
            for codec, options in CODECS.items():
                delta = scratch / f"{original.name}-{codec}.delta.safetensors"
                must("compress", "--base", original, "--model", tuned, "--out", delta, *options)
                export(f"{original.name}-{codec}", original, delta, tuned if codec == "lossless" else None)
        export("llama-lora", golden / "llama", golden / "llama-lora")
        if len(sys.argv) > 3:
            for delta in map(pathlib.Path, sys.argv[4:]):
                export(delta.name.removesuffix(".delta.safetensors"), sys.argv[3], delta)
    print(f"{sum(results)} of {len(results)} agree")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
