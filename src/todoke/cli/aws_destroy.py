"""`todoke aws destroy`: show what would go, ask, and delete the stack; its data stays unless it is asked for."""

from __future__ import annotations

import sys

from stack_review.session import Aws
from todoke.aws.deploy.destroy import (
    Holding,
    delete_kept,
    delete_stack,
    holdings,
    require_kept,
    unprotect,
)
from todoke.cli.output import print_line, style


def destroy(aws: Aws, stack: str, *, delete_data: bool, yes: bool) -> int:
    """Destroy the stack; 1 when the person did not confirm, or something stayed that was to go."""
    client = aws.client("cloudformation")
    held = holdings(client, stack)
    if not delete_data:
        require_kept(aws, held)
    _show(stack, held, delete_data=delete_data)
    if not (yes and not delete_data) and not _confirmed(stack):
        return 1
    if delete_data:
        unprotect(aws, held)
    for event in delete_stack(client, aws, stack):
        colour = "red" if event.has_failed else "dim"
        print_line(f"{event.at:%H:%M:%SZ} {style(event.status, colour)} {event.logical_id}")
    return _finish(aws, held, delete_data=delete_data)


def _finish(aws: Aws, held: tuple[Holding, ...], *, delete_data: bool) -> int:
    if not delete_data:
        for holding in (h for h in held if h.is_kept):
            print_line(f"Kept: {holding.logical_id} ({holding.type}): {holding.physical_id}")
        return 0
    stays = [holding for holding, is_gone in delete_kept(aws, held) if not is_gone]
    for holding in stays:
        print_line(f"Still there, delete it by hand: {holding.type} {holding.physical_id}")
    return 1 if stays else 0


def _show(stack: str, held: tuple[Holding, ...], *, delete_data: bool) -> None:
    print_line(f"The stack {style(stack, 'bold')} is to be deleted.")
    for holding in held:
        stays = holding.is_kept and not delete_data
        word = style("stays", "green") if stays else style("goes", "red")
        print_line(f"  {word} {holding.logical_id} ({holding.physical_id}): {holding.holds}")


def _confirmed(stack: str) -> bool:
    """The person has to type the stack's name: also where --yes is given, when data goes."""
    sys.stderr.write(f"Type {stack} to delete it: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == stack
