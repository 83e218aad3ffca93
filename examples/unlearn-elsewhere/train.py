"""Unlearn every draw that ``fairforget draws`` has written, with code of one's own: gradient difference by hand.

This script knows nothing of fairforget: it reads JSON, trains with torch and transformers, and writes what
``save_pretrained`` writes, with one small JSON file beside it.

    python train.py DRAWS [--out MODELS] [--updates N] [--lora R] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    """Make one model for every draw."""
    parser = argparse.ArgumentParser(description="unlearn every draw of a folder by gradient difference")
    parser.add_argument("draws", type=Path, help="the folder that 'fairforget draws' wrote")
    parser.add_argument("--out", type=Path, help="where models go; default: models/ in that folder")
    parser.add_argument("--updates", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--lora", type=int, metavar="R", help="train an adapter of rank R instead of all weights")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    manifest = json.loads((args.draws / "manifest.json").read_text())
    target = manifest["target"]
    out = args.out or args.draws / "models"
    for draw in manifest["draws"]:
        lines = (args.draws / draw["file"]).read_text().splitlines()
        samples = [json.loads(line) for line in lines]
        forget = [sample for sample in samples if sample["set"] == "forget"]
        retain = [sample for sample in samples if sample["set"] == "retain"]
        torch.manual_seed(args.seed)
        model = AutoModelForCausalLM.from_pretrained(
            target["path"], revision=target["revision"], dtype=getattr(torch, target["dtype"])
        )
        if args.lora is not None:
            from peft import LoraConfig, get_peft_model

            config = LoraConfig(r=args.lora, target_modules="all-linear", task_type="CAUSAL_LM")
            model = get_peft_model(model, config)
        spent = unlearn(model, forget, retain, args)
        folder = out / draw["digest"]
        model.save_pretrained(folder)
        how = "all weights" if args.lora is None else f"LoRA {args.lora}"
        declared = {**draw["declare"], "method": f"grad-diff by hand, {how}", "seed": args.seed, "spent": spent}
        (folder / "unlearned.json").write_text(json.dumps(declared, indent=1))
        sys.stdout.write(f"{draw['stratum']} {draw['index']}: {folder}\n")


def unlearn(model: torch.nn.Module, forget: list[dict], retain: list[dict], args: argparse.Namespace) -> dict:
    """Train the model in place; return what it took."""
    started, rows = time.perf_counter(), 0
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=args.lr)
    for _ in range(args.updates):
        chosen = torch.randperm(len(forget))[: args.batch_size].tolist()
        partners = torch.randperm(len(retain))[: len(chosen)].tolist()
        loss = nll(model, [retain[i] for i in partners]) - nll(model, [forget[i] for i in chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rows += 2 * len(chosen)
    return {
        "updates": args.updates,
        "forward_sequences": rows,
        "backward_sequences": rows,
        "seconds": round(time.perf_counter() - started, 3),
    }


def nll(model: torch.nn.Module, samples: list[dict]) -> torch.Tensor:
    """Return the mean negative log-likelihood of the scored tokens: the completion and the end of text."""
    longest = max(len(sample["input_ids"]) for sample in samples)
    ids = torch.zeros(len(samples), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, sample in enumerate(samples):
        tokens = torch.tensor(sample["input_ids"])
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
        labels[row, sample["scored_from"] : len(tokens)] = tokens[sample["scored_from"] :]
    return model(input_ids=ids, attention_mask=mask, labels=labels).loss


if __name__ == "__main__":
    main()
