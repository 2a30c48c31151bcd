"""``scrapy completion``: prints a script by which a shell completes commands, options and spiders."""

import inspect
import re
from argparse import SUPPRESS, Action, ArgumentParser, Namespace
from collections.abc import Iterator
from shlex import quote
from typing import NamedTuple

from scrapy.commands import BaseRunSpiderCommand, ScrapyCommand
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.misc import walk_modules_iter

from cncert.commands.project_command import ProjectCommand
from cncert.exceptions import ArgumentError
from cncert.spiders.arguments import NAMES

BASH = """\
# bash: eval "$(scrapy completion bash)"
_scrapy() {{
    local word command= cur=${{COMP_WORDS[COMP_CWORD]}} words
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $word in -*) ;; *) command=$word; break ;; esac
    done
    case $command in
        '') words={names} ;;
{cases}
    esac
    [[ $cur != = ]] || cur=
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [[ ${{COMPREPLY[0]}} != *= ]] || compopt -o nospace 2>/dev/null
}}
complete -o bashdefault -o default -F _scrapy scrapy
"""
ZSH = """\
#compdef scrapy
# zsh: eval "$(scrapy completion zsh)", behind compinit
_scrapy() {{
    local -a found
    if (( CURRENT == 2 )); then
        found=({names})
        _describe command found
        return
    fi
    case $words[2] in
{cases}
    esac
    _describe option found
    _files
}}
compdef _scrapy scrapy
"""

_WORD = re.compile(r"(?<![\w<-])(?!options\b|url\b|file\b)[a-z]+(?![\w>])")
"""What a command may be told to do, in its syntax: ``stats`` in ``[options] stats | …``, not ``<spider>``."""


class CompletedWord(NamedTuple):
    """A word that may come next, and what it means."""

    word: str
    meaning: str


class CompletionCommand(ProjectCommand, ScrapyCommand):
    """Asks each command for its options, so that the script has all of them."""

    def syntax(self) -> str:
        return "bash|zsh|fish"

    def short_desc(self) -> str:
        return "Print a script that completes commands and options in bash, zsh or fish"

    async def work(self, args: list[str], opts: Namespace) -> None:
        scripts = {"bash": bash, "zsh": zsh, "fish": fish}
        if len(args) != 1 or args[0] not in scripts:
            raise ArgumentError(f"completion takes the name of a shell: {', '.join(scripts)}")
        print(scripts[args[0]](dict(self._candidates())), end="")

    def _candidates(self) -> Iterator[tuple[CompletedWord, list[CompletedWord]]]:
        """Yield each command with what may follow it."""
        assert self.settings is not None
        spiders = [CompletedWord(name, "a spider") for name in sorted(get_spider_loader(self.settings).list())]
        arguments = [CompletedWord(f"{name}=", "an argument of the spider, behind -a") for name in NAMES]
        commands = {}
        for package in ("scrapy.commands", str(self.settings["COMMANDS_MODULE"])):
            for module in walk_modules_iter(package):
                for kind in vars(module).values():
                    if inspect.isclass(kind) and issubclass(kind, ScrapyCommand) and kind.__module__ == module.__name__:
                        commands[module.__name__.rpartition(".")[2]] = kind
        del commands["commands"]  # the package with the base classes
        for name, kind in sorted(commands.items()):
            command, parser = kind(), ArgumentParser(conflict_handler="resolve", add_help=False)
            command.settings = self.settings
            command.add_options(parser)
            found = [one for action in parser._actions for one in _options(action)]
            takes_spider = name in ("crawl", "check") or any(word == "--spider" for word, _ in found)
            found += spiders * takes_spider
            found += arguments * issubclass(kind, BaseRunSpiderCommand)
            found += [CompletedWord(word, "what to do") for word in dict.fromkeys(_WORD.findall(command.syntax()))]
            yield CompletedWord(name, command.short_desc()), found


def _options(action: Action) -> Iterator[CompletedWord]:
    """Yield the words of an option, and those that may follow it."""
    if action.help != SUPPRESS:
        meaning = ((action.help or "") % {"default": action.default}).partition("\n")[0]
        yield from (CompletedWord(word, meaning) for word in action.option_strings)
        yield from (CompletedWord(str(word), meaning) for word in action.choices or ())


def bash(commands: dict[CompletedWord, list[CompletedWord]]) -> str:
    """Return the script for bash, which shows no meanings."""
    cases = "\n".join(f"        {name.word}) words={quote(_words(found))} ;;" for name, found in commands.items())
    return BASH.format(names=quote(_words(list(commands))), cases=cases)


def _words(candidates: list[CompletedWord]) -> str:
    return " ".join(one.word for one in candidates)


def zsh(commands: dict[CompletedWord, list[CompletedWord]]) -> str:
    """Return the script for zsh."""

    def described(candidates: list[CompletedWord]) -> str:
        return " ".join(quote(f"{one.word.replace(':', chr(92) + ':')}:{one.meaning}") for one in candidates)

    cases = "\n".join(f"        {name.word}) found=({described(found)}) ;;" for name, found in commands.items())
    return ZSH.format(names=described(list(commands)), cases=cases)


def fish(commands: dict[CompletedWord, list[CompletedWord]]) -> str:
    """Return the script for fish: to be a file ``completions/scrapy.fish``, or piped into ``source``."""
    lines = ["# fish: scrapy completion fish | source"]
    for name, found in commands.items():
        lines.append(f"complete -c scrapy -n __fish_use_subcommand -f -a {name.word} -d {_fish_text(name.meaning)}")
        for one in found:
            long, short = one.word.startswith("--"), one.word.startswith("-")
            form = f"-l {one.word[2:]}" if long else f"-s {one.word[1:]}" if short else f"-a {one.word}"
            seen = f"'__fish_seen_subcommand_from {name.word}'"
            lines.append(f"complete -c scrapy -n {seen} {form} -d {_fish_text(one.meaning)}")
    return "\n".join(lines) + "\n"


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
