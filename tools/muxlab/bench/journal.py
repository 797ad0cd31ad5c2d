"""Samples on disk as they come, so that an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from muxlab.bench.model import Sample, Step


class Journal:
    """`with Journal(path, fingerprint) as journal:`. Samples of other programs, or of another plan, are forgotten."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.samples = _read(path, fingerprint)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")  # afresh: the last line may have been cut
        self._write({"fingerprint": fingerprint})
        for sample in self.samples:
            self._write(asdict(sample))

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._write(asdict(sample))

    def _write(self, data: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(data) + "\n")
        self._file.flush()

    def left(self, steps: Iterable[Step]) -> list[Step]:
        done = {sample.step for sample in self.samples}
        return [step for step in steps if step not in done]

    def finish(self) -> None:
        """The next run begins afresh."""
        self.path.unlink(missing_ok=True)


def _read(path: Path, fingerprint: str) -> list[Sample]:
    try:
        first, *lines = path.read_text().splitlines(keepends=True)
        if json.loads(first)["fingerprint"] != fingerprint:
            return []
        data = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Sample(Step(**one.pop("step")), **one) for one in data]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def fingerprint(plan: str, programs: Iterable[Path]) -> str:
    """Of the plan, and of each program's contents."""
    digest = hashlib.sha256(plan.encode())
    for path in sorted(programs):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
