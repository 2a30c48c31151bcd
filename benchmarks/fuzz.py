#!/usr/bin/env python3
"""Feeds damaged pages, scripts, addresses and texts to the readers, until one of them breaks.

    python benchmarks/fuzz.py [TARGET...] [--count N] [--time SECONDS] [--seed N] [--jobs N] [--failures DIR]
    python benchmarks/fuzz.py TARGET --input FILE

Seeds are the test suite's own pages; an input is one of them after some damage: bytes flipped, cut out, doubled or put
elsewhere, two seeds spliced, words of WeChat and of the report put in, elements nested, numbers made gigantic, another
charset. Number, target and seed name an input: the same ones give the same inputs, whatever the number of jobs.

An input must be read without an exception that is not documented, within 2 seconds of CPU time, and give what its
target promises (see the check of each). A reader that does not come back is killed. Over all inputs of a target the
memory of a process may grow by 200 MB. What fails is made smaller and written to DIR; the exit status is then 1.
"""

import argparse
import multiprocessing
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fuzzing.damage import damaged
from benchmarks.fuzzing.targets import TARGETS

SECONDS = 2.0
"""CPU time that reading one input may take."""
PATIENCE = 60.0
"""Seconds without a sign of life after which a process is killed: it may have to wait for the processor."""
GROWTH_KB = 200_000
WARM_UP = 300
"""Inputs after which the memory is measured for the first time."""
ENOUGH = 20
"""Failures after which a target is given up."""
SMALLER = 300
"""Attempts at making a failing input smaller."""


class TooSlow(Exception):
    """An input took more CPU time than it may."""


@dataclass
class Report:
    """What a process did for a target."""

    inputs: int = 0
    seconds: float = 0.0
    """Of CPU time, spent on reading."""
    slowest: float = 0.0
    slowest_number: int = -1
    failures: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)
    """By what is wrong and where: number, input, traceback."""
    failed: int = 0
    rss: tuple[int, int, int] = (0, 0, 0)
    """kB after the warm-up and at the end, and the peak."""


def resident_kb() -> int:
    """Memory of this process now, in kB (where the system does not say: its peak)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return peak_kb()


def peak_kb() -> int:
    """Return the peak memory of this process, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def too_slow(*_: object) -> None:
    """Handler of the alarm."""
    raise TooSlow(f"more than {SECONDS:g} s of CPU time")


def problem(read: Callable[[bytes], object], data: bytes) -> BaseException | None:
    """What goes wrong when *data* is read, if anything."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        read(data)
    except Exception as error:  # noqa: BLE001  # any is one too many
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def where(error: BaseException) -> str:
    """A name for *error*: its type, and the last line of the project that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "cncert" in frame.filename or "fuzzing" in frame.filename]
    last = (own or frames)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def smaller(read: Callable[[bytes], object], data: bytes, name: str) -> bytes:
    """A shorter input that fails as *data* does, where a few attempts find one."""
    if name.startswith(TooSlow.__name__):
        return data
    size, attempts = max(1, len(data) // 2), 0
    while size and attempts < SMALLER:
        start = 0
        while start < len(data) and attempts < SMALLER:
            shorter = data[:start] + data[start + size :]
            error = problem(read, shorter)
            attempts += 1
            if error is not None and where(error) == name:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def work(target: str, seed: int, numbers: range, until: float, pulse: "multiprocessing.Value", out: Connection) -> None:
    """Read the inputs *numbers* of *target* until the time is over; *pulse* holds the number being read."""
    signal.signal(signal.SIGPROF, too_slow)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chosen, report = TARGETS[target], Report()
    seeds = chosen.seeds()
    first = 0
    for number in numbers:
        pulse.value = number
        data = damaged(Random(f"{seed}-{target}-{number}"), seeds, chosen.longest)
        started = time.process_time()
        error = problem(chosen.read, data)
        took = time.process_time() - started
        report.inputs += 1
        report.seconds += took
        if took > report.slowest:
            report.slowest, report.slowest_number = took, number
        if error is not None:
            report.failed += 1
            name = where(error)
            if name not in report.failures:
                text = "".join(traceback.format_exception(error))
                report.failures[name] = number, smaller(chosen.read, data, name), text
            if len(report.failures) >= ENOUGH:
                break
        if report.inputs == WARM_UP:
            first = resident_kb()
        if time.monotonic() > until:
            break
    report.rss = first or resident_kb(), resident_kb(), peak_kb()
    out.send(report)
    out.close()


@dataclass
class Job:
    """A process at work, and what is known of it."""

    numbers: range
    pulse: "multiprocessing.Value"
    process: multiprocessing.Process
    answer: Connection
    seen: int = -1
    since: float = 0.0

    def hangs(self, now: float) -> bool:
        """Whether the same input has been read for too long."""
        if self.pulse.value != self.seen:
            self.seen, self.since = self.pulse.value, now
        return now - self.since > PATIENCE


def begin(target: str, seed: int, numbers: range, until: float) -> Job:
    answer, out = multiprocessing.Pipe(duplex=False)
    pulse = multiprocessing.Value("q", -1, lock=False)
    process = multiprocessing.Process(target=work, args=(target, seed, numbers, until, pulse, out), daemon=True)
    process.start()
    out.close()
    return Job(numbers, pulse, process, answer, since=time.monotonic())


def run(target: str, seed: int, count: int, seconds: float, jobs: int) -> list[Report]:
    """All inputs of *target*, by *jobs* processes; a process that hangs or dies is replaced behind its input."""
    until = time.monotonic() + seconds
    running = [begin(target, seed, range(n, count, jobs), until) for n in range(jobs)]
    reports = []
    while running:
        time.sleep(0.05)
        for job in list(running):
            dead = not job.process.is_alive()
            if job.answer.poll():
                with suppress(EOFError):
                    reports.append(job.answer.recv())
                    job.process.join()
                    running.remove(job)
                    continue
                dead = True
            if not dead and not job.hangs(time.monotonic()):
                continue
            job.process.kill()
            job.process.join()
            running.remove(job)
            number = max(job.pulse.value, job.numbers.start)
            data = damaged(Random(f"{seed}-{target}-{number}"), TARGETS[target].seeds(), TARGETS[target].longest)
            name = f"died, status {job.process.exitcode}" if dead else "hangs"
            done = (number - job.numbers.start) // job.numbers.step + 1
            reports.append(Report(done, failures={name: (number, data, name)}, failed=1))
            rest = range(number + job.numbers.step, job.numbers.stop, job.numbers.step)
            if rest and len(reports) < ENOUGH:
                running.append(begin(target, seed, rest, until))
    return reports


def show(target: str, reports: list[Report], seed: int, folder: Path) -> bool:
    """Print the line of *target* and write its failures; whether all is well."""
    slowest = max(reports, key=lambda report: report.slowest)
    inputs, failed = sum(report.inputs for report in reports), sum(report.failed for report in reports)
    rate = inputs / (sum(report.seconds for report in reports) or 1)
    first, last, peak = (max(report.rss[n] for report in reports) // 1024 for n in range(3))
    slow = f"{slowest.slowest * 1000:.0f} (#{slowest.slowest_number})"
    print(f"{target:10} {inputs:9} {rate:8.0f} {slow:>16} {failed:8}   {first:4} {last:4} {peak:4}", flush=True)
    failures = {name: failure for report in reports for name, failure in report.failures.items()}
    for name, (number, data, text) in failures.items():
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{target}-{seed}-{number}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(text, encoding="utf-8", errors="backslashreplace")
        print(f"  {name}: {path}\n    {text.strip().splitlines()[-1][:200]}")
    grown = [report for report in reports if report.rss[2] - report.rss[0] > GROWTH_KB]
    if grown:
        print(f"  the memory grew by more than {GROWTH_KB // 1000} MB")
    return not failed and not grown


def shares(names: list[str], count: int) -> dict[str, int]:
    """How many of *count* inputs each target gets, by its weight."""
    total = sum(TARGETS[name].weight for name in names)
    return {name: max(1, round(count * TARGETS[name].weight / total)) for name in names}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--count", type=int, default=20_000, help="inputs in all (default 20000)")
    parser.add_argument("--time", type=float, default=86_400, help="seconds in all (default: as long as it takes)")
    parser.add_argument("--seed", type=int, default=1, help="another one gives other inputs (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"), metavar="DIR")
    parser.add_argument("--input", type=Path, metavar="FILE", help="read this one input, and let it raise")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if options.input is not None:
        if len(names) != 1:
            parser.error("--input needs the name of one target")
        TARGETS[names[0]].read(options.input.read_bytes())
        return 0
    print(f"{'target':10} {'inputs':>9} {'inputs/s':>8} {'slowest ms':>16} {'failures':>8}   MB warm, end, peak")
    good = True
    for name, count in shares(names, options.count).items():
        seconds = options.time * TARGETS[name].weight / sum(TARGETS[name].weight for name in names)
        reports = run(name, options.seed, count, seconds, options.jobs)
        good &= show(name, reports, options.seed, options.failures)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
