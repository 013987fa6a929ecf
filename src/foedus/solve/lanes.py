"""Eight worlds at once: a vector type for the kernels, one lane a world.

Values of this type live in vector registers. Every operation works lane by lane, so a
world's numbers never depend on the worlds that share its block. ``load`` and ``store``
move rows of C-ordered float64 arrays whose last dim is LANES; a row is counted over all
dims but the last. Only for use inside kernels.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from foedus.game.arrays import LANES


def _builtin(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function that writes its own machine code (the inner one) part of the kernels' language."""
    return cast(Callable[..., Any], intrinsic(function))


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"lanes{LANES}")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"mask{LANES}")


# numba knows scalars and arrays; these two types are LLVM's vectors <LANES x double> and <LANES x i1>, which the compiler
# keeps in registers and works on with the widest instructions there are.
LANES_TYPE, MASK_TYPE = _Lanes(), _Mask()
_VECTOR, _BITS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(ir.IntType(1), LANES)
_WHOLE = ir.VectorType(ir.IntType(64), LANES)


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _VECTOR)


@register_model(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _BITS)


def _operation(op: Callable[..., Any], kind: Any, out: Any, build: Callable[..., Any], arity: int = 2) -> None:
    """Makes a Python operator work on a vector type."""
    template = type(f"_{op.__name__}", (ConcreteTemplate,), {"cases": [signature(out, *[kind] * arity)]})
    infer_global(op)(template)
    lower_builtin(op, *[kind] * arity)(lambda context, builder, sig, args: build(builder, *args))


# Comparisons are ordered (false where one is NaN), but != is unordered: ``x != x`` finds NaN.
def _compare(sign: str) -> Callable[..., Any]:
    return lambda builder, a, b: builder.fcmp_ordered(sign, a, b)


for _op, _build in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _operation(_op, LANES_TYPE, LANES_TYPE, lambda builder, a, b, name=_build: getattr(builder, name)(a, b))
for _op, _sign in ((operator.lt, "<"), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "==")):
    _operation(_op, LANES_TYPE, MASK_TYPE, _compare(_sign))
_operation(operator.ne, LANES_TYPE, MASK_TYPE, lambda builder, a, b: builder.fcmp_unordered("!=", a, b))
_operation(operator.and_, MASK_TYPE, MASK_TYPE, lambda builder, a, b: builder.and_(a, b))
_operation(operator.or_, MASK_TYPE, MASK_TYPE, lambda builder, a, b: builder.or_(a, b))
_operation(operator.invert, MASK_TYPE, MASK_TYPE, lambda builder, a: builder.not_(a), arity=1)


def _splat(builder: Any, value: Any) -> Any:
    """A vector with the same number in every lane."""
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), order)


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _address(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    # No bounds, no strides: rows follow each other, so a row's address is the array's plus so many vectors.
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [row])


@_builtin
def load(typingctx: Any, array: Any, row: Any) -> Any:
    """Row ``row`` of an array."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        # Only 8 bytes are promised: buffers are aligned to whole rows (see ``packed.aligned``), other arrays may not be.
        return builder.load(_address(context, builder, sig.args[0], args[0], args[1]), align=8)

    return LANES_TYPE(array, types.intp), build


@_builtin
def store(typingctx: Any, array: Any, row: Any, value: Any) -> Any:
    """Writes row ``row`` of an array."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _address(context, builder, sig.args[0], args[0], args[1]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES_TYPE), build


def _constant_load(builder: Any, address: Any) -> Any:
    """A load of something that no kernel changes, which may be moved out of loops."""
    number = builder.load(address)
    number.set_metadata("invariant.load", builder.module.add_metadata([]))
    return number


def _element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Element args[2] of section args[1] of a packed array, widened to 64 bits."""
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    wide = ir.IntType(64)
    start = builder.sext(_constant_load(builder, builder.gep(data, [args[1]])), wide)
    return builder.sext(_constant_load(builder, builder.gep(data, [builder.add(start, args[2])])), wide)


@_builtin
def at(typingctx: Any, packed: Any, section: Any, index: Any) -> Any:
    """Element ``index`` of a section of a packed array (see ``arrays.pack``)."""
    return types.intp(packed, types.intp, types.intp), _element


@_builtin
def count(typingctx: Any, packed: Any, section: Any) -> Any:
    """The length of a section of a packed array."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        next_section = builder.add(args[1], ir.Constant(ir.IntType(64), 1))
        ends = [_constant_load(builder, builder.gep(data, [k])) for k in (args[1], next_section)]
        return builder.sext(builder.sub(ends[1], ends[0]), ir.IntType(64))

    return types.intp(packed, types.intp), build


@_builtin
def splat(typingctx: Any, value: Any) -> Any:
    """The same number in every lane."""
    return LANES_TYPE(types.float64), lambda context, builder, sig, args: _splat(builder, args[0])


@_builtin
def select(typingctx: Any, mask: Any, yes: Any, no: Any) -> Any:
    """``yes`` in the lanes where the mask is true, ``no`` elsewhere."""
    return LANES_TYPE(MASK_TYPE, LANES_TYPE, LANES_TYPE), lambda context, builder, sig, args: builder.select(*args)


@_builtin
def which(typingctx: Any, mask: Any) -> Any:
    """The mask as an integer, lane 0 in the lowest bit: 0 where it is true nowhere."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(64))

    return types.int64(MASK_TYPE), build


def _muladd(builder: Any, a: Any, b: Any, c: Any) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{LANES}f64")
    return builder.call(function, [a, b, c])


@_builtin
def muladd(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, in one rounding where the processor can."""
    return LANES_TYPE(LANES_TYPE, LANES_TYPE, LANES_TYPE), lambda context, builder, sig, args: _muladd(builder, *args)


_SHIFT = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to the nearest integer, held in the low bits
_EXP = [1.0 / float(np.prod(np.arange(1.0, n + 1))) for n in range(14)]
_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42fefa0000p-1"), float.fromhex("0x1.cf79abc9e3b39p-40")


@_builtin
def exp_below(typingctx: Any, x: Any) -> Any:
    """exp(x) for x <= 0, to about one unit in the last place; 0 below -708.

    x = k ln 2 + r with |r| <= ln 2 / 2; exp(r) by its series, times 2**k put together from bits.
    """

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        low = _constant(-708.0)
        alive = builder.fcmp_ordered(">=", args[0], low)
        x = builder.select(alive, args[0], low)
        shifted = _muladd(builder, x, _constant(1.4426950408889634), _constant(_SHIFT))
        k = builder.fsub(shifted, _constant(_SHIFT))
        # ln 2 in two parts, of which the first has so few digits that k times it is exact (Cody and Waite 1980).
        r = _muladd(builder, k, _constant(-_LN2_HIGH), x)
        r = _muladd(builder, k, _constant(-_LN2_LOW), r)
        total = _constant(_EXP[13])
        for coefficient in reversed(_EXP[:13]):
            total = _muladd(builder, total, r, _constant(coefficient))
        # The low bits of ``shifted`` hold k; k + 1023 moved to the place of the exponent is the number 2**k.
        bits = builder.add(builder.bitcast(shifted, _WHOLE), ir.Constant(_WHOLE, [1023] * LANES))
        power = builder.bitcast(builder.shl(bits, ir.Constant(_WHOLE, [52] * LANES)), _VECTOR)
        return builder.select(alive, builder.fmul(total, power), _constant(0.0))

    return LANES_TYPE(LANES_TYPE), build


@_builtin
def log2_of(typingctx: Any, x: Any) -> Any:
    """The binary logarithm of a finite x above 1e-300, to about 1e-15 of its value; of others nonsense.

    x = 2**k m with 2/3 <= m < 4/3; log m = 2 atanh((m - 1) / (m + 1)) by its series.
    """

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        fraction = ir.Constant(_WHOLE, [52] * LANES)
        # Bits less those of 2/3: what is then in the place of the exponent is k, and taking k off the exponent leaves m.
        whole = builder.bitcast(args[0], _WHOLE)
        k = builder.ashr(builder.sub(whole, ir.Constant(_WHOLE, [0x3FE5555555555555] * LANES)), fraction)
        m = builder.bitcast(builder.sub(whole, builder.shl(k, fraction)), _VECTOR)
        s = builder.fdiv(builder.fsub(m, _constant(1.0)), builder.fadd(m, _constant(1.0)))
        z = builder.fmul(s, s)
        total = _constant(2.0 / 23 / float(np.log(2)))
        for n in range(21, 0, -2):
            total = _muladd(builder, total, z, _constant(2.0 / n / float(np.log(2))))
        return _muladd(builder, total, s, builder.sitofp(k, _VECTOR))

    return LANES_TYPE(LANES_TYPE), build
