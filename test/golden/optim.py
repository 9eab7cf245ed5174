"""Writes optim.json: python3 test/golden/optim.py (needs torch and timm; of timm only files that need no torchvision).

Steps of optimizers on given gradients, learning rates of schedules, clipped gradients, and a moving average of weights.
"""

import importlib
import importlib.util
import json
import pathlib
import sys
import types

import torch

HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)

# timm's packages without their __init__, which import all its models
ROOT = importlib.util.find_spec("timm").submodule_search_locations[0]
for name in ["timm", "timm.optim", "timm.utils"]:
    package = types.ModuleType(name)
    package.__path__ = [ROOT + name[4:].replace(".", "/")]
    sys.modules[name] = package
Lars = importlib.import_module("timm.optim.lars").Lars
Lion = importlib.import_module("timm.optim.lion").Lion
Lamb = importlib.import_module("timm.optim.lamb").Lamb
RMSpropTF = importlib.import_module("timm.optim.rmsprop_tf").RMSpropTF
ModelEmaV3 = importlib.import_module("timm.utils.model_ema").ModelEmaV3


def draw(seed, shape):
    """Element i is a fixed hash of (seed, i), in [-1, 1), as in generate.py."""
    n = 1
    for s in shape:
        n *= s
    x = (torch.arange(n, dtype=torch.int64) * 0x9E3779B1 + seed * 0x85EBCA77 + 12345) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    x = x ^ (x >> 15)
    return ((x >> 8).to(torch.float32) / 2**23 - 1).reshape(shape)


def flat(t):
    return [float(f"{v:.8g}") for v in t.detach().reshape(-1).tolist()]


def optimizers():
    """Six steps of a matrix and of a vector that is not decayed."""
    torch_rmsprop = torch.optim.RMSprop
    rows = []
    for name, make, options in [
        ("rmsprop", torch_rmsprop, {"lr": 0.01}),
        ("rmsprop", torch_rmsprop, {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "momentum": 0.9, "weight_decay": 0.1}),
        ("rmsprop", torch_rmsprop, {"lr": 0.01, "momentum": 0.5, "centered": True}),
        ("rmsproptf", RMSpropTF, {"lr": 0.05}),
        ("rmsproptf", RMSpropTF, {"lr": 0.05, "eps": 1e-3, "momentum": 0.9, "weight_decay": 0.1}),
        ("rmsproptf", RMSpropTF, {"lr": 0.05, "momentum": 0.9, "centered": True}),
        ("adagrad", torch.optim.Adagrad, {"lr": 0.1}),
        ("adagrad", torch.optim.Adagrad, {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3}),
        ("lars", Lars, {"lr": 5, "weight_decay": 0.01}),
        ("lars", Lars, {"lr": 5, "momentum": 0.9, "weight_decay": 0.1, "trust_coeff": 0.01}),
        ("lars", Lars, {"lr": 5, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
        ("lamb", Lamb, {"lr": 0.01}),
        ("lamb", Lamb, {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-4, "weight_decay": 0.3, "max_grad_norm": None}),
        ("sgd", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
        ("adam", torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
        ("adamw", torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
        ("nadam", torch.optim.NAdam, {"lr": 0.01}),
        ("nadam", torch.optim.NAdam, {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.05}),
        ("nadam", torch.optim.NAdam, {"lr": 0.01, "betas": [0, 0.9], "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("radam", torch.optim.RAdam, {"lr": 0.01}),
        ("radam", torch.optim.RAdam, {"lr": 0.01, "betas": [0.8, 0.7], "eps": 1e-3, "weight_decay": 0.1}),
        ("radam", torch.optim.RAdam, {"lr": 0.01, "betas": [0.8, 0.9], "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("lion", Lion, {"lr": 0.01}),
        ("lion", Lion, {"lr": 0.01, "betas": [0.7, 0.9], "weight_decay": 0.3}),
    ]:
        w, b = draw(1, [3, 5]).clone().requires_grad_(True), draw(2, [5]).clone().requires_grad_(True)
        optimizer = make([{"params": [w]}, {"params": [b], "weight_decay": 0}], **options)
        for step in range(6):
            w.grad, b.grad = draw(10 + step, [3, 5]), draw(20 + step, [5])
            optimizer.step()
        rows.append({"name": name, "options": options, "w": flat(w), "b": flat(b)})
    return rows


LOSSES = [1, 0.8, 0.81, 0.79999, 0.9, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, float("nan"), 0.76, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6]


def rates(make, steps, every=1, losses=None):
    """The learning rate of each step; the scheduler advances every `every` steps."""
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)
    scheduler = make(optimizer)
    out = []
    for step in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step(*([] if losses is None else [losses[step]]))
    return out


def schedules():
    s = torch.optim.lr_scheduler
    warm = {"warmupSteps": 4, "warmupLr": 0.01}

    def after_warmup(then):
        return lambda o: s.SequentialLR(o, [s.LinearLR(o, start_factor=0.1, total_iters=4), then(o)], milestones=[4])

    rows = [
        ("constant", {"warmupSteps": 5}, rates(lambda o: s.LambdaLR(o, lambda t: min(1, t / 5)), 8)),
        ("step", {"stepSize": 3}, rates(lambda o: s.StepLR(o, 3), 11)),
        ("step", {"stepSize": 8, "gamma": 0.5, "stepsPerEpoch": 4, "perEpoch": True}, rates(lambda o: s.StepLR(o, 2, 0.5), 30, every=4)),
        ("multistep", {"milestones": [3, 7, 8], "gamma": 0.2}, rates(lambda o: s.MultiStepLR(o, [3, 7, 8], 0.2), 11)),
        ("exponential", {"gamma": 0.9}, rates(lambda o: s.ExponentialLR(o, 0.9), 20)),
        ("exponential", {"gamma": 0.9, "stepsPerEpoch": 3, "perEpoch": True}, rates(lambda o: s.ExponentialLR(o, 0.9), 20, every=3)),
        ("poly", {"totalSteps": 10}, rates(lambda o: s.PolynomialLR(o, 10), 12)),
        ("poly", {"totalSteps": 10, "power": 2.5}, rates(lambda o: s.PolynomialLR(o, 10, 2.5), 12)),
        ("cosine", {"totalSteps": 10, "minLr": 0.01}, rates(lambda o: s.CosineAnnealingLR(o, 10, 0.01), 11)),
        ("cosine", {"totalSteps": 12, "stepsPerEpoch": 3, "perEpoch": True}, rates(lambda o: s.CosineAnnealingLR(o, 4), 13, every=3)),
        ("cosine", {"totalSteps": 14, **warm}, rates(after_warmup(lambda o: s.CosineAnnealingLR(o, 10)), 15)),
        ("cosine", {"cycleSteps": 4}, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 4), 14)),
        ("cosine", {"cycleSteps": 3, "cycleMul": 2, "minLr": 0.01}, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01), 30)),
        ("onecycle", {"totalSteps": 20}, rates(lambda o: s.OneCycleLR(o, 0.1, 20, anneal_strategy="linear"), 20)),
        ("onecycle", {"totalSteps": 20, "pctStart": 0.45, "divFactor": 10, "finalDivFactor": 100, "annealStrategy": "cos"},
         rates(lambda o: s.OneCycleLR(o, 0.1, 20, pct_start=0.45, anneal_strategy="cos", div_factor=10, final_div_factor=100), 20)),
    ]
    plateaus = [
        ({"patience": 0}, {"patience": 0}),
        ({"patience": 1, "factor": 0.5, "cooldown": 2}, {"patience": 1, "factor": 0.5, "cooldown": 2}),
        ({"patience": 2, "threshold": 0.15, "thresholdMode": "abs"}, {"patience": 2, "threshold": 0.15, "threshold_mode": "abs"}),
        ({"patience": 0, "factor": 0.3, "minLr": 0.02}, {"patience": 0, "factor": 0.3, "min_lr": 0.02}),
        ({"patience": 0, "factor": 0.01}, {"patience": 0, "factor": 0.01}),
    ]
    for ours, theirs in plateaus:
        rows.append(("plateau", ours, rates(lambda o: s.ReduceLROnPlateau(o, **theirs), len(LOSSES), losses=LOSSES)))
    return [{"name": name, "options": options, "rates": r} for name, options, r in rows]


def clipping():
    """Gradients of two parameters before and after."""
    rows = {}
    for most in [0.5, 100]:
        ps = [torch.zeros(3, 5, requires_grad=True), torch.zeros(5, requires_grad=True)]
        ps[0].grad, ps[1].grad = draw(1, [3, 5]), draw(2, [5])
        length = torch.nn.utils.clip_grad_norm_(ps, most).item()
        rows[str(most)] = {"norm": length, "w": flat(ps[0].grad), "b": flat(ps[1].grad)}
    p = torch.zeros(5, requires_grad=True)
    p.grad = draw(2, [5])
    torch.nn.utils.clip_grad_value_([p], 0.3)
    return {"norm": rows, "value": flat(p.grad)}


def ema():
    """Batch normalisation's parameters and buffers after each of eight updates."""
    rows = {}
    for warmup in [False, True]:
        net = torch.nn.BatchNorm1d(3)
        average = ModelEmaV3(net, decay=0.75, use_warmup=warmup)
        steps = []
        for step in range(8):
            with torch.no_grad():
                net.weight.copy_(draw(step, [3]))
                net.running_mean.copy_(draw(10 + step, [3]))
                net.num_batches_tracked += 1
            average.update(net, step=step + 1 if warmup else None)
            state = average.module.state_dict()
            steps.append({"weight": flat(state["weight"]), "runningMean": flat(state["running_mean"]), "tracked": state["num_batches_tracked"].item()})
        rows["warmup" if warmup else "plain"] = steps
    return rows


timm_version = importlib.import_module("timm.version").__version__
about = {"script": "test/golden/optim.py", "torch": torch.__version__, "timm": timm_version}
losses = [None if v != v else v for v in LOSSES]
out = {"about": about, "optimizers": optimizers(), "losses": losses, "schedules": schedules(), "clipping": clipping(), "ema": ema()}
(HERE / "optim.json").write_text(json.dumps(out) + "\n")
