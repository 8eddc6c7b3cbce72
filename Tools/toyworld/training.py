"""What every training shares: resumable steps, a learning rate that warms up and falls, averaged weights, a log of JSON
lines."""

import contextlib
import copy
import json
import math
import os
import platform
import time

import torch


class Training:
    """Steps of one network or several. A killed one goes on from its last checkpoint, at most two minutes back.

    Everything drawn at a step comes from the step's number, so that a resumed run draws what an uninterrupted one
    would.
    """

    def __init__(self, name, arguments, modules, steps, rate, average=0.0, beta=(0.9, 0.99), decay=0.01):
        self.name, self.steps, self.rate, self.average = name, steps, rate, average
        self.device = torch.device(arguments.device)
        self.folder = os.path.join(arguments.out, name)
        os.makedirs(self.folder, exist_ok=True)
        self.modules = torch.nn.ModuleDict(modules).to(self.device)
        self.averaged = copy.deepcopy(self.modules).requires_grad_(False) if average else None
        self.parameters = [p for p in self.modules.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, rate, beta, weight_decay=decay)
        self.step, self.seconds = 0, 0.0
        self.log = open(os.path.join(self.folder, "log.jsonl"), "a", buffering=1)
        if os.path.exists(self._path):
            state = torch.load(self._path, map_location=self.device, weights_only=True)
            self.modules.load_state_dict(state["modules"])
            self.optimizer.load_state_dict(state["optimizer"])
            if average:
                self.averaged.load_state_dict(state["averaged"])
            self.step, self.seconds = state["step"], state["seconds"]
        self._note(
            event="start",
            step=self.step,
            steps=steps,
            rate=rate,
            torch=torch.__version__,
            threads=torch.get_num_threads(),
            device=arguments.device,
            machine=platform.processor() or platform.machine(),
            parameters=sum(p.numel() for p in self.parameters),
        )

    @property
    def _path(self):
        return os.path.join(self.folder, "checkpoint.pt")

    def _note(self, **values):
        self.log.write(json.dumps(values) + "\n")

    def generator(self):
        """For what is drawn at this step on the CPU."""
        return torch.Generator().manual_seed(self.step * 7919 + 1)

    def run(self, loss_of):
        """`loss_of(step)` gives the loss, or the loss and a dictionary of further numbers for the log."""
        began, saved, sums, count = time.time() - self.seconds, time.time(), {}, 0
        while self.step < self.steps:
            warm = min(1, (self.step + 1) / 200)
            falls = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.step / self.steps))
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * warm * falls
            loss = loss_of(self.step)
            loss, more = loss if isinstance(loss, tuple) else (loss, {})
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            self.step += 1
            if self.averaged is not None:
                keep = min(self.average, self.step / (self.step + 10))
                with torch.no_grad():
                    for a, b in zip(
                        self.averaged.state_dict().values(), self.modules.state_dict().values(), strict=True
                    ):
                        a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)
            for key, value in {"loss": loss.item(), "gradient": norm.item(), **more}.items():
                sums[key] = sums.get(key, 0.0) + float(value)
            count += 1
            self.seconds = time.time() - began
            if self.step % 100 == 0 or self.step == self.steps:
                self._note(
                    step=self.step, seconds=round(self.seconds, 1), **{k: round(v / count, 5) for k, v in sums.items()}
                )
                sums, count = {}, 0
            if time.time() - saved > 120 or self.step == self.steps:
                self._save()
                saved = time.time()

    def _save(self):
        state = {
            "modules": self.modules.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        if self.averaged is not None:
            state["averaged"] = self.averaged.state_dict()
        torch.save(state, self._path + ".partial")
        os.replace(self._path + ".partial", self._path)


def load_trained(arguments, name, modules):
    """Puts the weights of a training, averaged where it averages, into modules; they come back frozen, in eval mode."""
    path = os.path.join(arguments.out, name, "checkpoint.pt")
    if not os.path.exists(path):
        raise SystemExit(f"there is no {path}: train `{name}` first")
    state = torch.load(path, map_location="cpu", weights_only=True)
    modules = torch.nn.ModuleDict(modules)
    modules.load_state_dict(state.get("averaged", state["modules"]))
    return modules.to(arguments.device).eval().requires_grad_(False)


@contextlib.contextmanager
def replaced_when_done(path):
    """A file that is there whole or not at all."""
    partial = path + ".partial"
    yield partial
    os.replace(partial, path)
