"""A PyTorch module as a Graph: its torch.fx graph, run once on an example in float64, with every element numbered."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg

from sheetgen.exporter.graph import CannotExport, Graph, Op, Weight

MAX_ELEMENTS = 2_000_000  # a workbook of more cells opens nowhere


@dataclass(frozen=True)
class Traced:
    """A tensor of the run: its numbers, and the number of each element. Both have the batch's dimension."""

    value: Tensor
    ids: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(self.value.shape[1:])


@dataclass(frozen=True)
class Held:
    """A tensor that the module holds, or one that follows from such alone."""

    value: Tensor
    name: str
    trained: bool = False

    def weight(self) -> Weight:
        """As the Graph has it."""
        return Weight(self.name, self.value.detach().numpy(), self.trained)


class Recorder:
    """What is written down while a module runs."""

    def __init__(self, example: Tensor, names: Mapping[int, str], trained: set[int]):
        self.batch = len(example)
        self.ops: list[Op] = []
        self.names, self.trained = names, trained
        self.next = 0
        self.layer = ""  # the module that is running
        self.input = self._numbered(example)

    def _numbered(self, value: Tensor) -> Traced:
        """A tensor whose elements get new numbers; other samples have other numbers, so that none can be mixed up."""
        size = value[0].numel()
        if self.next + size > MAX_ELEMENTS:
            raise CannotExport(
                f"{self.layer or 'the input'}: the network has more than {MAX_ELEMENTS:,} numbers: use a smaller one"
            )
        ids = torch.arange(self.next, self.next + size).view(value.shape[1:])
        self.next += size
        return Traced(value, torch.stack([ids + k * MAX_ELEMENTS for k in range(self.batch)]))

    def held(self, tensor: Tensor, name: str = "") -> Held:
        """A tensor of the module by its PyTorch name."""
        found = self.names.get(id(tensor), name)
        return Held(tensor, found, id(tensor) in self.trained)

    def put(
        self,
        kind: str,
        text: str,
        args: tuple[Tensor, ...],
        value: Tensor,
        settings: Mapping[str, Any] | None = None,
        weights: Mapping[str, Held | None] | None = None,
    ) -> Traced:
        """Write an operation down. `args` are numbers of elements, with the batch's dimension."""
        out = self._numbered(value)
        held = {key: w.weight() for key, w in (weights or {}).items() if w is not None}
        owner = next((w.name.rpartition(".")[0] for w in held.values() if w.trained), "")
        layer = owner or self.layer or kind
        ids = tuple(a[0].numpy() for a in args)
        self.ops.append(
            Op(kind, layer, text, ids, out.ids[0].numpy(), value.detach().numpy(), settings or {}, held)
        )
        return out

    def moved(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run a function that only moves elements: PyTorch moves their numbers as it moves the elements."""
        if any(isinstance(x, Held) for x in flat((args, kwargs))):
            raise CannotExport(f"{self.layer or 'the module'}: it joins its input with constants: that is not supported")
        values = function(*_each(args, "value"), **_each(kwargs, "value"))
        ids = function(*_each(args, "ids"), **_each(kwargs, "ids"))
        if isinstance(values, Tensor):
            return self._checked(Traced(values, ids))
        return tuple(self._checked(Traced(v, i)) for v, i in zip(values, ids, strict=True))

    def _checked(self, x: Traced) -> Traced:
        apart = torch.arange(self.batch).view(-1, *(1 for _ in x.ids.shape[1:])) * MAX_ELEMENTS
        whole = x.ids.dim() > 0 and len(x.ids) == self.batch
        if not whole or not torch.equal(x.ids - apart, x.ids[:1].expand_as(x.ids)):
            raise CannotExport(f"{self.layer or 'the module'}: it mixes the samples of a batch, which no sheet can show")
        return x


def _each(x: Any, part: str) -> Any:
    """Arguments with every Traced replaced by its values or by its numbers."""
    if isinstance(x, Traced):
        return getattr(x, part)
    if isinstance(x, tuple | list):
        return type(x)(_each(y, part) for y in x)
    if isinstance(x, dict):
        return {key: _each(y, part) for key, y in x.items()}
    return x.value if isinstance(x, Held) else x


class _Tracer(fx.Tracer):
    """Layers that are known stay whole, also where somebody derived a class from them."""

    def __init__(self, known: tuple[type, ...]):
        super().__init__()
        self.known = known

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the module is one operation."""
        return isinstance(m, self.known) or super().is_leaf_module(m, module_qualified_name)


def trace(module: nn.Module, example: Tensor, softmax: bool = False) -> Graph:
    """The Graph of a module in eval mode, and its numbers for an example of shape (N, ...), in float64.

    With `softmax`, the probabilities that follow from its result are the last of it.
    Raises CannotExport for what is not supported, naming the layer. The module itself is left as it is.
    """
    from sheetgen.exporter import torch_layers
    from sheetgen.exporter.torch_layers import FUNCTIONS, MODULES, MOVES

    module = _doubled(module)
    if isinstance(module, tuple(MODULES)):  # one layer by itself
        module = nn.Sequential(module)
    example = example.detach().cpu().to(torch.float64)
    if example.dim() < 2 or not example.numel():
        raise CannotExport(f"the example has the shape {tuple(example.shape)}: give it as (samples, features...)")
    samples = len(example)
    batch = example if samples > 1 else torch.cat([example, example])  # two, so that mixing them is seen
    names = {id(t): name for name, t in [*module.named_parameters(), *module.named_buffers()]}
    recorder = Recorder(batch, names, {id(p) for p in module.parameters()})
    graph = _fx_graph(module, tuple(MODULES))
    with torch.no_grad():
        found = _Run(module, recorder, MODULES, FUNCTIONS, MOVES).graph(graph)
        if softmax and isinstance(found, Traced):
            recorder.layer = "softmax"
            found = torch_layers.softmax(recorder, found, 1)
    if not isinstance(found, Traced):
        raise CannotExport("the module gives no single tensor that follows from its input: return one")
    ops = [Op(**{**vars(op), "value": op.value[:samples]}) for op in recorder.ops]
    return Graph(
        recorder.input.ids[0].numpy(), example.numpy(), ops, found.ids[0].numpy(), found.value[:samples].numpy(),
        sum(p.numel() for p in module.parameters()),
    )  # fmt: skip


def _doubled(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module).cpu().double().eval()
    except (RuntimeError, TypeError) as error:
        raise CannotExport(f"the module cannot be copied in float64 ({error})") from error


def _fx_graph(module: nn.Module, known: tuple[type, ...]) -> fx.Graph:
    try:
        return _Tracer(known).trace(module)
    except Exception as error:  # whatever the module's own code raises when it is given no numbers
        raise CannotExport(
            f"the module cannot be traced, for its forward is more than a fixed row of operations ({error})"
        ) from error


class _Run:
    """The interpreter of an fx graph."""

    def __init__(self, module: nn.Module, recorder: Recorder, modules: Any, functions: Any, moves: Any):
        self.module, self.recorder = module, recorder
        self.modules, self.functions, self.moves = modules, functions, moves

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
            return self.recorder.held(tensor, str(node.target)) if isinstance(tensor, Tensor) else tensor
        try:
            return self._call(node, args, kwargs)
        except (RuntimeError, TypeError, IndexError, AttributeError) as error:
            raise CannotExport(f"{_named(node)}: it does not run on the example ({str(error).strip()})") from error

    def _call(self, node: fx.Node, args: Any, kwargs: Any) -> Any:
        r = self.recorder
        if node.op == "call_module":
            layer = self.module.get_submodule(str(node.target))
            handler = next((h for kind, h in self.modules.items() if isinstance(layer, kind)), None)
            if handler is None:
                raise CannotExport(f"{node.target} ({type(layer).__name__}): this kind of layer is not supported")
            return handler(r, layer, *args, **kwargs)
        function: Any = _method(str(node.target)) if node.op == "call_method" else node.target
        if not any(isinstance(x, Traced) for x in flat((args, kwargs))):  # of sizes, or of weights alone
            found = function(*_each(args, "value"), **_each(kwargs, "value"))
            return Held(found, node.name) if isinstance(found, Tensor) else found
        if node.target in self.moves:
            return r.moved(function, args, kwargs)
        if node.target not in self.functions:
            raise CannotExport(f"{_named(node)}: this operation is not supported")
        return self.functions[node.target](r, *args, **kwargs)


def _method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def _layer(node: fx.Node) -> str:
    """The path of the module that the node runs in, empty for the whole."""
    if node.op == "call_module":
        return str(node.target)
    stack = node.meta.get("nn_module_stack") or {}
    return next(reversed([str(path) for path, _ in stack.values()]), "") if stack else ""


def _named(node: fx.Node) -> str:
    """What an error calls a node."""
    what = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    layer = _layer(node)
    return what if not layer or layer == what else f"{layer} ({what})"


def flat(x: Any) -> list[Any]:
    if isinstance(x, tuple | list):
        return [z for y in x for z in flat(y)]
    return [z for y in x.values() for z in flat(y)] if isinstance(x, dict) else [x]
