# SPDX-License-Identifier: MIT
"""One pass over a program that makes it again: the part that all simplifications share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from quell.programs.build import Builder
from quell.programs.lower import Lowered
from quell.programs.values import Input, Operand, Result, Value

New: TypeAlias = Callable[[Operand], Any]  # what an operand became
Rule: TypeAlias = Callable[[Builder, Result, New], Value]


def as_it_is(b: Builder, result: Result, new: New) -> Value:
    """Returns the same instruction."""
    operands = [new(operand) for operand in result.operands]
    return again(b, result.kind, operands, result, **result.attributes)


def again(
    b: Builder, kind: str, operands: Sequence[Operand], like: Result, **said: object
) -> Value:
    """Makes an instruction by the builder's function, which leaves out what changes nothing."""
    first = operands[0]
    if kind in ("reshape", "permute", "expand", "repeat"):
        assert isinstance(first, Value)
        attribute = {"permute": "order", "repeat": "counts"}.get(kind, "shape")
        made: Value = getattr(b, kind)(first, said[attribute])
        return made
    if kind == "map" and len(said) == 1:
        return b.map(str(said["function"]), operands, like.dtype)
    if kind == "concat":
        parts = [part for part in operands if isinstance(part, Value)]
        return b.concat(parts, int(str(said["dim"])))
    return b.emit(kind, operands, like.dtype, **said)


def rewritten(program: Lowered, rule: Rule) -> Lowered:
    """Makes each instruction of a program again by a rule, in order, and removes what nothing needs
    then."""
    b = Builder()
    made: dict[Value, Value] = {}

    def new(operand: Operand) -> Operand:
        return made.get(operand, operand) if isinstance(operand, Value) else operand

    for result in program.results:
        b.source = result.source
        made[result] = rule(b, result, new)
    output = made.get(program.output, program.output)
    return Lowered(program.inputs, needed(b.results, output), output)


def ending(program: Lowered) -> Lowered:
    """Adds an instruction at the end of a program that returns an input as it is."""
    output = program.output
    if not isinstance(output, Input):
        return program
    b = Builder()
    made = b.emit("reshape", [output], output.dtype, shape=list(output.shape))
    return Lowered(program.inputs, b.results, made)


def needed(results: Sequence[Result], output: Value) -> list[Result]:
    """Returns the instructions that the output depends on, in order."""
    wanted: set[Value] = {output}
    for result in reversed(results):
        if result in wanted:
            wanted.update(o for o in result.operands if isinstance(o, Value))
    return [result for result in results if result in wanted]


def uses(program: Lowered) -> dict[Value, int]:
    """Counts the instructions that use each value; the output counts once more."""
    counts: dict[Value, int] = {program.output: 1}
    for result in program.results:
        for operand in {o for o in result.operands if isinstance(o, Value)}:
            counts[operand] = counts.get(operand, 0) + 1
    return counts


def inputs_used(program: Lowered) -> set[Input]:
    found = {o for r in program.results for o in r.operands if isinstance(o, Input)}
    return found | ({program.output} if isinstance(program.output, Input) else set())
