"""The page of promises and the code say the same: each promise has a place, tests and seeded bugs, and they exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project
from zklink.lab.promises.mark import ID
from zklink.lab.promises.page import BEGIN, END, Section, read_sections, render
from zklink.lab.promises.tags import Tag, Tags

GATE: Final = "promises"
_FORM: Final = re.compile(r"\n[A-Z][^\n]+\.\n\n\*\*How\.\*\* [A-Z][^\n]+\.\n")
_FILE: Final = re.compile(r"`([\w/]+\.\w+)`")


def find_broken(project: Project) -> Iterator[Finding]:
    """Whatever of the page is not in the code, and of the code not on the page; nothing without a page."""
    if project.promises is None:
        return
    tags, page = Tags(project), (project.root / project.promises).read_text()
    sections = read_sections(page)
    for line, text in _judge_page(project, tags, sections):
        yield Finding(GATE, project.promises, line, text)
    if render(page, tags) != page:
        yield Finding(GATE, project.promises, 0, "its lists are not those of the code: zklink lab promise --write")
    yield from _judge_code(tags, {section.promise: section for section in sections})


def _judge_page(project: Project, tags: Tags, sections: list[Section]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for section in sections:
        said = section.promise
        if not re.fullmatch(ID, said):
            yield section.line, f"{said!r} is not the id of a promise"
        if said in seen:
            yield section.line, f"{said} stands there twice"
        seen.add(said)
        if not _FORM.match(section.text):
            yield section.line, f"{said} does not say in a sentence what it is, and after **How.** how it is upheld"
        if (section.text.count(BEGIN), section.text.count(END)) != (1, 1):
            yield section.line, f"{said} has no place for its lists, {BEGIN} and {END}"
        for text in _judge_untested(project, section) if section.is_untested else _judge_tested(project, tags, section):
            yield section.line, f"{said} {text}"


def _judge_tested(project: Project, tags: Tags, section: Section) -> Iterator[str]:
    if not _has(tags.tests, section.promise):
        yield "has no test"
    if not _has(tags.bugs, section.promise):
        yield "has no seeded bug"
    if not section.where:
        yield "does not say after **Where.** which functions uphold it"
    for place in section.where:
        file, _, function = place.partition(":")
        found = project.root / file
        if not found.is_file() or not re.search(rf"\b(def|template|class|u64) {function}\b", found.read_text()):
            yield f"names {place}, which does not exist"


def _judge_untested(project: Project, section: Section) -> Iterator[str]:
    for file in _FILE.findall(section.text):
        if not Path(project.root / file).is_file() and not any(project.root.rglob(file)):
            yield f"names {file}, which does not exist"


def _judge_code(tags: Tags, sections: dict[str, Section]) -> Iterator[Finding]:
    for found in (tags.tests, tags.bugs, tags.actions):
        for place, promise in sorted(found):
            file = re.split(r"::|:", place)[0]
            if promise not in sections:
                yield Finding(GATE, file, 0, f"{place} names {promise}, which is not on the page")
            elif sections[promise].is_untested and found is not tags.actions:
                yield Finding(GATE, file, 0, f"{place} names {promise}, which the page says has no test of its own")
    names = [mutant.name for mutant in tags.mutants]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(GATE, name, 0, "more than one mutant is called so")
    for file, line in tags.loose:
        yield Finding(GATE, file, line, "nothing stands under the comment `# breaks:`")


def _has(tags: frozenset[Tag], promise: str) -> bool:
    return any(each == promise for _, each in tags)
