"""What every workload must do, as a class of tests that a plug-in's tests inherit.

    class TestMyWorkload(WorkloadContract):
        bad_arguments = ({"layers": 0}, {"layers": "many"})

        def workload(self, **arguments):
            return my_workload(**arguments)

The tests are plain pytest methods with assertions; nothing here needs pytest to be imported.
"""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WorkloadContract"]


class WorkloadContract:
    """Inherit this class, return your workload, and pytest runs the contract.

    Attributes:
        bad_arguments: Arguments that the workload must refuse, each on its own.
    """

    bad_arguments: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    def workload(self, **arguments: Any) -> Any:
        """The workload under test; without arguments, a typical one."""
        raise NotImplementedError

    def test_it_is_a_dataclass_that_cannot_be_changed(self) -> None:
        """A model may rely on what it was bound to."""
        workload = self.workload()
        assert is_dataclass(workload)
        for field in fields(workload):
            try:
                setattr(workload, field.name, None)
            except FrozenInstanceError:
                continue
            raise AssertionError(f"{field.name} can be changed")

    def test_equal_arguments_give_equal_workloads(self) -> None:
        """Equal by value, and usable as a key."""
        assert self.workload() == self.workload()
        assert hash(self.workload()) == hash(self.workload())

    def test_features_are_finite_numbers(self) -> None:
        """Name -> number, for learning agents."""
        features = self.workload().features()
        assert features
        for name, value in features.items():
            assert isinstance(name, str)
            assert isinstance(value, float), name
            assert math.isfinite(value), name

    def test_description_is_text(self) -> None:
        """Label -> text, for reports."""
        description = self.workload().describe()
        assert description
        for label, text in description.items():
            assert isinstance(label, str)
            assert isinstance(text, str), label
            assert text.strip(), label

    def test_survives_the_trip_to_another_process(self) -> None:
        """A pickled workload equals itself."""
        workload = self.workload()
        assert pickle.loads(pickle.dumps(workload)) == workload  # noqa: S301 - made right here

    def test_bad_arguments_are_refused(self) -> None:
        """With an error that names the argument and says what is allowed."""
        for arguments in self.bad_arguments:
            try:
                self.workload(**arguments)
            except WorkloadError as error:
                text = str(error)
                assert all(name in text for name in arguments), text
                assert "allowed" in text
                continue
            raise AssertionError(f"accepts {dict(arguments)}")
