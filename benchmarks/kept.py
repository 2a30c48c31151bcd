#!/usr/bin/env python3
"""What ``scrapy import`` of a kept archive costs beside a plain loop, and whether it finds all that is in it.

    python benchmarks/kept.py [--files 145000] [--as dir,tar.xz,git] [--rounds 2]

Makes an archive of Markdown files of true sizes (2 to 60 kB, half of them below 8 kB), a folder a day, of which one in
a thousand is an issue, a stub of one, or a verification page under its title. By turns the loop, which reads the first
64 kB of each file and searches the title, and the import into a new store. For each is printed: wall and CPU seconds,
the memory of the largest process in MB; then the ratio of the sums, and whether all issues and addresses were found.
"""

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cncert.report.calendar import parse_week, period
from cncert.store import open_store
from tests import series
from tests.site.crawl import project_env, scrapy_command

WAYS = ("dir", "tar.xz", "git")
HEAD = 65_536
TITLE = re.compile("网络安全信息与动态周报20[0-9]{2}年第[0-9]{1,2}期")
ONE_IN = 1_000
FILES_A_DAY = 60
WORDS = (
    "网络安全 漏洞 补丁 攻击者 服务器 数据 泄露 研究人员 发现 近日 报告 勒索软件 加密 远程 代码 执行 "
    "权限 提升 用户 密码 信息 系统 更新 版本 影响 厂商 发布 公告 建议 尽快 升级 威胁 "
    "情报 样本 分析 流量 检测 防护 企业 动态 周刊 通报 监测 域名 钓鱼 邮件 附件 恶意 "
    "程序 终端 云 平台 接口 配置 日志 审计 合规 个人 隐私 法规 标准 会议 培训 人才 "
    "工具 开源 项目 "
).split()


@dataclass(frozen=True)
class Kept:
    """An archive in one of its forms, and what is in it."""

    way: str
    path: Path
    issues: set[str]
    addresses: set[str]


def texts(files: int) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield name and text of each file, the issue in it, and the address that a stub names."""
    chance = random.Random("a kept archive")
    pool = "，".join("".join(chance.choices(WORDS, k=5)) for _ in range(60_000)).replace("，", "。\n\n", 6_000)
    weeks = iter(series.week_ids("2012-01", "2025-40") * 9)
    for number in range(files):
        day = date(2020, 1, 1) + timedelta(days=number // FILES_A_DAY)
        title = f"{''.join(chance.choices(WORDS, k=4))}-{number}"
        size = min(20_000, max(700, int(chance.lognormvariate(7.9, 0.8))))  # characters, of 3 bytes each
        start = chance.randrange(len(pool) - size)
        text, issue, address, day_after = pool[start : start + size], None, None, day
        url = f"https://mp.weixin.qq.com/s/{number:022}"
        if number % ONE_IN == ONE_IN // 2:
            week = next(weeks)
            title = series.title_of(week)
            kind = number // ONE_IN % 3
            address = url if kind else None
            issue = None if kind else week
            day_after = period(*parse_week(week)).end + timedelta(days=4)
            report = f"本周网络安全基本态势\n\n本周，网络安全态势整体评价为良。\n\n本周共处理网络安全事件{number}起。"
            verification = "环境异常\n\n当前环境异常，完成验证后即可继续访问。\n\n[去验证](javascript:;)"
            text = (report, "", verification)[kind]
        name = f"{day}/{title}.md"
        yield name, f"---\ntitle: {title}\nurl: {url}\ndate: {day_after}\n---\n\n# {title}\n\n{text}\n", issue, address


def make(folder: Path, files: int, ways: list[str]) -> list[Kept]:
    """Make the archive in *folder*, in each of the *ways*."""
    issues, addresses, root = set[str](), set[str](), folder / "kept"
    importer = ["git", "fast-import", "--quiet", "--depth=0"] if "git" in ways else ["cat"]
    git = subprocess.Popen(importer, cwd=repository(folder), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert git.stdin is not None
    git.stdin.write(b"commit refs/heads/main\ncommitter a <a@example.org> 1700000000 +0800\ndata 0\n")
    for name, text, issue, address in texts(files):
        path, data = root / name, text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        git.stdin.write(f'M 644 inline "{name}"\ndata {len(data)}\n'.encode() + data + b"\n")
        issues |= {issue} if issue else set()
        addresses |= {address} if address else set()
    git.stdin.close()
    git.wait()
    packed = folder / "kept.tar.xz"
    if "tar.xz" in ways:
        subprocess.run(["tar", "-I", "xz -1 -T0", "-cf", packed, "kept"], cwd=folder, check=True)
    places = {"dir": root, "tar.xz": packed, "git": folder / "kept.git"}
    return [Kept(way, places[way], issues, addresses) for way in ways]


def repository(folder: Path) -> Path:
    """Return a new bare repository."""
    place = folder / "kept.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", place], check=True)
    return place


def loop(way: str, path: Path) -> int:
    """Read the first bytes of each file and search the title; return in how many it is."""
    if way == "dir":
        files = (os.path.join(place, name) for place, _, names in os.walk(path) for name in names)  # noqa: PTH118  # a Path each is slow
        return sum(map(is_titled, map(head_of, files)))
    if way == "git":
        command = ["git", f"--git-dir={path}", "cat-file", "--batch-all-objects", "--unordered", "--batch"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as git:
            assert git.stdout is not None
            found = 0
            while line := git.stdout.readline():
                _, kind, size = line.split()
                found += is_titled(git.stdout.read(int(size) + 1)[:HEAD]) and kind == b"blob"
            return found
    with tarfile.open(path, "r|xz") as archive:
        opened = (archive.extractfile(member) for member in archive if member.isfile())
        return sum(is_titled(file.read(HEAD)) for file in opened if file is not None)


def head_of(name: str) -> bytes:
    """Return the first bytes of a file."""
    with open(name, "rb") as file:  # noqa: PTH123  # as plain as can be
        return file.read(HEAD)


def is_titled(head: bytes) -> bool:
    """Return whether a title of the series is in *head*."""
    return TITLE.search(head.decode("utf-8", "replace")) is not None


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float, float]:
    """Run *command*; return wall and CPU seconds and MB. Those of the loop are without the start of its program."""
    began = time.monotonic()
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(command, env=env, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, f"{command}: {status}"
    if "--loop" in command:
        wall, cpu = map(float, said.split())
        return wall, cpu, used.ru_maxrss / 1024
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


async def found_in(uri: str) -> tuple[set[str], set[str]]:
    """Return the issues that a store has, and the addresses in its ledger."""
    async with open_store(uri) as store:
        return set(await store.issue_ids()), {one.url for row in await store.rows() for one in row.addresses}


def measure(kept: Kept, folder: Path, rounds: int) -> None:
    """Print what the loop and the import take, and what the import found."""
    sums = {"loop": 0.0, "import": 0.0}
    for number in range(rounds):
        place = folder / f"{kept.way}-{number}"
        place.mkdir()
        named = ["--git", str(kept.path)] if kept.way == "git" else [str(kept.path)]
        command, env = scrapy_command(["import", *named], project_env(None, place), ())
        itself = [sys.executable, str(Path(__file__).resolve()), "--loop", kept.way, str(kept.path)]
        for name, run in (("loop", itself), ("import", command)):
            wall, cpu, memory = timed(run, env)
            sums[name] += wall
            print(f"{kept.way:<8}{name:<8}{wall:7.2f} s {cpu:7.2f} s CPU {memory:6.0f} MB", flush=True)
        issues, addresses = asyncio.run(found_in(f"sqlite:///{place / 'cncert.db'}"))
        lacks = len(kept.issues - issues) + len(kept.addresses - addresses)
        size = (place / "cncert.db").stat().st_size / 1024
        print(
            f"{kept.way:<8}found   {len(issues)} issues, {len(addresses)} addresses, {lacks} not; store {size:.0f} kB"
        )
    print(f"{kept.way:<8}ratio   {sums['import'] / sums['loop']:.2f}", flush=True)


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=145_000)
    parser.add_argument("--as", dest="ways", default=",".join(WAYS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--loop", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        began, used = time.perf_counter(), time.process_time()
        loop(options.loop[0], Path(options.loop[1]))
        print(time.perf_counter() - began, time.process_time() - used)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kept in make(folder, options.files, options.ways.split(",")):
            measure(kept, folder, options.rounds)


if __name__ == "__main__":
    main()
