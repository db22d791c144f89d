"""A PyTorch module as a Graph: its torch.fx graph, run once on an example in float64, with every element numbered."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg

from sheetgen.network.torch import layers
from sheetgen.network.torch.graph import CannotExport, Graph
from sheetgen.network.torch.layers import FUNCTIONS, MOVES, handler
from sheetgen.network.torch.recorder import Constant, Recorder, TracedTensor, each, flat

# How far the recorded operations may be from the module itself: in float64, and where it insists on float32.
CLOSE, CLOSE_IN_FLOAT32 = 1e-9, 1e-3
ALREADY = "its outputs are probabilities already, and the softmax of them would be others: export it without softmax"


class _Tracer(fx.Tracer):
    """Layers that are known stay whole, also where somebody derived a class from them."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the module is one operation."""
        return handler(m) is not None or super().is_leaf_module(m, module_qualified_name)


def trace(module: nn.Module, example: Tensor, softmax: bool = False) -> Graph:
    """The Graph of a module in eval mode, and its numbers for an example of shape (N, ...), in float64.

    With `softmax`, the probabilities that follow from its result are the last of it.
    Raises CannotExport for what is not supported, naming the layer. The module itself is left as it is.
    """
    given, module = module, _copied(module).double()
    names = {id(t): name for name, t in [*module.named_parameters(), *module.named_buffers()]}
    parameters = dict(module.named_parameters())
    if handler(module) is not None:  # one layer by itself
        given, module = nn.Sequential(given), nn.Sequential(module)
    example = example.detach().cpu().to(torch.float64)
    if example.dim() < 2 or not example.numel():
        raise CannotExport(f"the example has the shape {tuple(example.shape)}: give it as (samples, features...)")
    # One more sample, so that mixing samples is seen, and whatever happens to hold for the example alone.
    other = torch.randn(1, *example.shape[1:], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    recorder = Recorder(torch.cat([example, other]), len(example), names, {id(p) for p in parameters.values()})
    graph = _fx_graph(module)  # with gradients enabled, as a forward that asks for them expects
    with torch.no_grad():
        output = _Run(module, recorder).graph(graph)
        if not isinstance(output, TracedTensor):
            raise CannotExport("the module gives no single tensor that follows from its input: return one")
        _agrees(given, module, [example, other], output.value)
        if softmax:
            recorder.must(not _are_probabilities(output.value), ALREADY)
            recorder.layer = "softmax"
            output = layers.softmax(recorder, output, 1)
    used = {weight.name for op in recorder.ops for weight in op.weights.values()}
    for name in parameters:
        if name not in used:
            raise CannotExport(f"{name}: the network never uses this parameter as it is: leave it away")
    return Graph(
        recorder.input.ids[0].numpy(), example.numpy(), recorder.ops, output.ids[0].numpy(),
        output.value[: len(example)].numpy(), sum(p.numel() for p in parameters.values()),
    )  # fmt: skip


def _are_probabilities(outputs: Tensor) -> bool:
    """Whether the outputs of every sample add up to 1 along some dimension already, however the module does that.

    Their logarithms, which LogSoftmax gives, are logits as good as any: the softmax of them are the probabilities.
    """
    dims = [d for d in range(1, outputs.dim()) if outputs.shape[d] > 1]
    sums = (outputs.sum(d) for d in dims)
    return bool((outputs >= 0).all()) and any(torch.allclose(s, torch.ones_like(s), 0, CLOSE) for s in sums)


def _copied(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module).cpu().eval()
    except Exception as error:  # whatever the module's own parts raise
        raise CannotExport(f"the module cannot be copied ({_line(error)})") from error


def _fx_graph(module: nn.Module) -> fx.Graph:
    try:
        return _Tracer().trace(module)
    except Exception as error:  # whatever the module's own code raises when it is given no numbers
        raise CannotExport(
            f"the module cannot be traced, for its forward is more than a fixed row of operations ({_line(error)})"
        ) from error


def _agrees(given: nn.Module, doubled: nn.Module, inputs: list[Tensor], output: Tensor) -> None:
    """Raises CannotExport unless the module itself gives this output, with its inputs given one after the other.

    Nothing else notices hooks, random numbers, a tensor changed in place that is read again, and a derived layer that
    does something else.
    """
    try:
        wanted, close = torch.cat([doubled(x.clone()) for x in inputs]), CLOSE
    except Exception:  # it may well insist on float32
        try:
            single = _copied(given).float()
            wanted, close = torch.cat([single(x.float()).double() for x in inputs]), CLOSE_IN_FLOAT32
        except Exception as error:
            raise CannotExport(f"the module does not run on the example ({_line(error)})") from error
    scale = float(wanted.nan_to_num(0, 0, 0).abs().max())
    if wanted.shape != output.shape or not torch.allclose(output, wanted, close, close * scale, equal_nan=True):
        raise CannotExport(
            "the module gives other numbers than its operations one by one: avoid hooks, random numbers, layers with a "
            "forward of their own, and changing tensors in place"
        )


class _Run:
    """The interpreter of an fx graph."""

    def __init__(self, module: nn.Module, recorder: Recorder):
        self.module, self.recorder = module, recorder

    def graph(self, graph: fx.Graph) -> Any:
        """Run all of it; what its output node gives."""
        env: dict[fx.Node, Any] = {}
        given = False
        for node in graph.nodes:
            args, kwargs = (map_arg(x, env.__getitem__) for x in (node.args, node.kwargs))
            self.recorder.layer = _layer(node)
            if node.op == "placeholder":
                if given:
                    if not node.args:
                        raise CannotExport(f"{node.target}: the module has more than one input: give it one tensor")
                    env[node] = node.args[0]
                    continue
                env[node], given = self.recorder.input, True
            elif node.op == "output":
                return args[0]
            else:
                env[node] = self._step(node, args, kwargs)
        raise CannotExport("the module gives nothing")

    def _step(self, node: fx.Node, args: Any, kwargs: Any) -> Any:
        if node.op == "get_attr":
            tensor: Any = self.module
            for part in str(node.target).split("."):
                tensor = getattr(tensor, part)
            return self.recorder.constant(tensor, str(node.target)) if isinstance(tensor, Tensor) else tensor
        try:
            return self._call(node, args, kwargs)
        except CannotExport:
            raise
        except Exception as error:  # whatever PyTorch raises
            raise CannotExport(f"{_named(node)}: it does not run on the example ({_line(error)})") from error

    def _call(self, node: fx.Node, args: Any, kwargs: Any) -> Any:
        r = self.recorder
        if node.op == "call_module":
            layer = self.module.get_submodule(str(node.target))
            call = handler(layer)
            if call is None:
                raise CannotExport(f"{node.target} ({type(layer).__name__}): this kind of layer is not supported")
            return call(r, layer, *args, **kwargs)
        function: Any = _method(str(node.target)) if node.op == "call_method" else node.target
        if not any(isinstance(x, TracedTensor) for x in flat((args, kwargs))):  # of sizes, or of weights alone
            value = function(*each(args, "value"), **each(kwargs, "value"))
            return Constant(value, node.name) if isinstance(value, Tensor) else value
        if node.target in MOVES:
            return r.moved(function, args, kwargs)
        if node.target not in FUNCTIONS:
            raise CannotExport(f"{_named(node)}: this operation is not supported")
        return FUNCTIONS[node.target](r, *args, **kwargs)


def _method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def _layer(node: fx.Node) -> str:
    """The path of the module that the node runs in, empty for the whole."""
    if node.op == "call_module":
        return str(node.target)
    stack = node.meta.get("nn_module_stack") or {}
    return next(reversed([str(path) for path, _ in stack.values()]), "") if stack else ""


def _named(node: fx.Node) -> str:
    """The name of a node in an error."""
    what = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    layer = _layer(node)
    return what if not layer or layer == what else f"{layer} ({what})"


def _line(error: Exception) -> str:
    """An error in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")
