"""Collecting faults of a user's input, each with its key path, to report all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dse.errors import DSEError, InputError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dse._yaml import KeyPath

__all__ = ["Faults", "FaultsError", "blaming", "grouped", "key_text"]

_T = TypeVar("_T")


class Faults:
    """Collects what is wrong with a user's input, each fault with its key path.

    Attributes:
        found: Key path and error, in the order found.
    """

    def __init__(self) -> None:
        self.found: list[tuple[KeyPath, InputError]] = []

    def add(self, path: KeyPath, error: InputError) -> None:
        """Note a fault; an error that carries several counts as several."""
        if isinstance(error, FaultsError):
            self.found += [((*path, *inner), part) for inner, part in error.parts]
        else:
            self.found.append((path, error))

    def attempt(self, path: KeyPath, function: Callable[..., _T], *args: Any) -> _T | None:
        """The function's result, or None if it refuses the input; the refusal is noted."""
        try:
            return function(*args)
        except InputError as error:
            self.add(path, error)
            return None

    def located(self, position: Callable[[KeyPath], str] | None = None) -> list[InputError]:
        """The faults as errors that name their place: their key path, and perhaps more.

        Args:
            position: Where a key path stands, for example as file, line and column.
        """
        errors = []
        for path, error in self.found:
            parts = (position(path) if position else "", _shown_key(path, error))
            errors.append(_located(error, ", ".join(part for part in parts if part)))
        return errors

    def raise_if_any(self) -> None:
        """Raise the faults found, if any, as one error.

        Raises:
            InputError: The fault itself, or a list of them.
        """
        errors = self.located()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise InputError("\n".join(str(error) for error in grouped(errors)))


class FaultsError(InputError):
    """Several faults of one mapping, with their key paths; on its way to `Faults`."""

    def __init__(self, parts: list[tuple[KeyPath, InputError]]) -> None:
        self.parts = parts
        faults = Faults()
        faults.found = parts
        super().__init__("\n".join(str(error) for error in grouped(faults.located())))

    def __reduce__(self) -> tuple[object, ...]:
        return (FaultsError, (self.parts,))


def _located(error: InputError, place: str) -> InputError:
    """The same error with its place in front; a place of its own stays in the text."""
    what = f"{error.where}: {error.what}" if error.where else error.what
    return type(error)(what, where=place or None, allowed=error.allowed, next_step=error.next_step)


def _shown_key(path: KeyPath, error: InputError) -> str:
    """The key path as text, without the key that the message itself names."""
    named = bool(path) and error.what.startswith(f"unknown key {path[-1]!r}")
    return key_text(path[:-1] if named else path)


def grouped(errors: Sequence[InputError]) -> list[InputError]:
    """The errors, with what is allowed only once where neighbours allow the same.

    Args:
        errors: In reading order.
    """
    following = [error.allowed for error in errors[1:]]
    return [
        type(error)(error.what, where=error.where, next_step=error.next_step)
        if error.allowed == allowed
        else error
        for error, allowed in zip(errors, [*following, None], strict=True)
    ]


def key_text(path: KeyPath) -> str:
    """A key path as people write it: `search[0].budget`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def blaming(title: str, function: Callable[[], _T]) -> _T:
    """Call a plug-in's code; what it raises by accident becomes an error that names it.

    Args:
        title: The plug-in, for the message.
        function: The call.

    Raises:
        PluginError: The code raised something that is no `DSEError`.
    """
    try:
        return function()
    except DSEError:
        raise
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PluginError(
            f"{title} failed: {text}", next_step="run with --debug for the traceback"
        ) from error
