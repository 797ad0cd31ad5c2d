"""Samples on disk as they come, so that an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from muxlab.bench.model import Sample, Step


class Journal:
    """`with Journal(path, fingerprint) as journal:`. Samples of other programs, or of another plan, are forgotten."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.samples = _read(path, fingerprint)
        if not self.samples:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
        self._file = path.open("a")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._file.write(json.dumps(asdict(sample)) + "\n")
        self._file.flush()

    def left(self, steps: Iterable[Step]) -> list[Step]:
        done = {sample.step for sample in self.samples}
        return [step for step in steps if step not in done]

    def finish(self) -> None:
        """The next run begins afresh."""
        self.path.unlink(missing_ok=True)


def _read(path: Path, fingerprint: str) -> list[Sample]:
    try:
        first, *lines = path.read_text().splitlines()
        if json.loads(first)["fingerprint"] != fingerprint:
            return []
        data = [json.loads(line) for line in lines if line.endswith("}")]  # the last may have been cut
        return [Sample(Step(**one.pop("step")), **one) for one in data]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def fingerprint(plan: str, programs: Iterable[Path]) -> str:
    """Of the plan, and of each program's contents."""
    digest = hashlib.sha256(plan.encode())
    for path in sorted(programs):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
