"""The import direction of distcc_build, checked; and that files stay small."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "distcc_build"

# Lowest first.  A module may import only from rows above its own.
LAYERS = [
    ["errors", "pump.mended.sitecustomize"],
    ["hostspec", "record.quoting", "doctor.words", "trouble", "words"],
    ["doctor.findings"],
    ["doctor.screen"],
    ["hosts", "offer", "resolve.answers", "taskfile", "values", "verdict"],
    ["resolve.losses", "resolve.packet"],
    ["sources.service"],
    ["config", "compilers", "distcc_rules", "top.given", "plan", "flags", "units", "wire"],
    ["pump.includes", "lzo"],
    ["pump.line"],
    ["resolve.walk", "resolve.resolvconf", "resolve.slots", "resolve.unusual"],
    ["policy", "record.journal"],
    ["choice", "top.activity", "record.lanes", "record.tally"],
    ["record.remarks"],
    ["report.data", "record.trace"],
    ["report.assemble"],
    ["zonefile"],
    ["zonedoubts"],
    ["farmfile", "record.totals", "sources.request", "ways"],
    ["sources.entries"],
    ["sources.announced", "sources.numbered", "health", "record.summary"],
    ["learned", "outcome", "problems", "sources.instances"],
    ["farms", "sources.dnssd"],
    ["named"],
    ["trust", "loop", "child"],
    ["sources.command", "sources.files"],
    ["machine", "inputs", "paths", "store", "backoff", "resolve.pair", "resolve.system"],
    ["top.departures", "top.processes", "top.terminal"],
    ["top.authors", "exchange", "reach", "pump.check", "record.recording"],
    ["resolve.dnssec", "resolve.sockets", "resolve.stream", "spawn"],
    ["resolve.resolver", "resolve.survey", "reference", "stats", "client", "held"],
    ["sources.lookup"],
    ["resolve.choosing", "resolve.texts", "pump.gate"],
    ["sources.listed", "sources.multicast", "sources.walking", "sources.unicast"],
    ["sources.asking"],
    ["probe", "pump.proof"],
    ["proving", "search"],
    ["discover", "examine", "quick", "wrap"],
    ["belonging", "hearing"],
    ["examine_named"],
    ["launch"],
    ["planning", "buildenv", "top.standing", "top.watching"],
    ["renew"],
    ["doctor.programs", "doctor.lists", "doctor.variables"],
    ["doctor.targets", "doctor.scons", "doctor.sources"],
    ["doctor.case"],
    [f"doctor.{one}" for one in ("client", "compilers", "settings", "discovery", "servers")]
    + ["doctor.plans", "doctor.faces", "doctor.trial"],
    ["doctor.round"],
    ["farm.zone"],
    ["farm.nameserver", "farm.lifeline"],
    ["farm.daemons", "pump.server"],
    ["farm.loopback", "pump.build"],
    ["farm.demo"],
    ["cli.common", "cli.newfile", "cli.parsing", "cli.progress"],
    ["cli.version", "top.dashboard"],
]
PURE = {
    "top.activity",
    "top.given",
    "taskfile",
    "errors",
    "hostspec",
    "hosts",
    "record.journal",
    "record.lanes",
    "record.quoting",
    "report.data",
    "record.remarks",
    "record.summary",
    "record.tally",
    "record.totals",
    "record.trace",
    "config",
    "compilers",
    "plan",
    "distcc_rules",
    "doctor.findings",
    "doctor.lists",
    "doctor.screen",
    "doctor.sources",
    "doctor.words",
    "flags",
    "policy",
    "offer",
    "trouble",
    "choice",
    "sources.announced",
    "sources.dnssd",
    "sources.instances",
    "sources.entries",
    "sources.numbered",
    "sources.request",
    "sources.service",
    "farmfile",
    "farms",
    "health",
    "learned",
    "named",
    "outcome",
    "problems",
    "units",
    "values",
    "verdict",
    "ways",
    "wire",
    "words",
    "zonedoubts",
    "zonefile",
    "pump.includes",
    "lzo",
    "pump.line",
    "resolve.answers",
    "resolve.losses",
    "resolve.packet",
    "resolve.slots",
    "resolve.walk",
    "resolve.resolvconf",
}
IMPURE = {"asyncio", "dns", "os", "pathlib", "shutil", "socket", "subprocess", "threading", "time"}
TOP = len(LAYERS)
RANK = {module: rank for rank, row in enumerate(LAYERS) for module in row}
SPEAKS_DNS = {"resolve.unusual", "farm.nameserver", "farm.zone"}


def modules() -> list[str]:
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return sorted(".".join(path.parts) for path in paths if path.name != "__init__")


def rank(module: str) -> int:
    # A command knows every layer, and no other command.
    return RANK.get(module, TOP) if module.startswith("cli.") else RANK[module]


def imports(module: str) -> set[str]:
    tree = ast.parse(PACKAGE.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {node.module or ""}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", [one for one in modules() if one != "__main__"])
def test_module_imports_only_from_lower_layers(module: str) -> None:
    assert module in RANK or module.startswith("cli."), f"give {module} a row in LAYERS"
    known = set(modules())
    ours = {name.removeprefix("distcc_build.") for name in imports(module)} & known - {module}
    above = {name for name in ours - {"__main__"} if rank(name) >= rank(module)}
    assert above == set()
    assert "__main__" not in ours or module == "cli.completion"


@pytest.mark.parametrize("module", modules())
def test_only_its_command_knows_the_doctor(module: str) -> None:
    theirs = module.startswith("doctor.") or module == "cli.doctor"
    assert theirs or not any(n.startswith("distcc_build.doctor") for n in imports(module))


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_module_touches_no_clock_disk_or_network(module: str) -> None:
    assert {name.split(".")[0] for name in imports(module)} & IMPURE == set()


@pytest.mark.parametrize("module", modules())
def test_few_modules_speak_dns(module: str) -> None:
    assert module in SPEAKS_DNS or not any(n.split(".")[0] == "dns" for n in imports(module))


@pytest.mark.parametrize("folder", ["distcc_build", "integrations", "benchmarks", "docs"])
def test_no_file_is_over_300_lines(folder: str) -> None:
    ends = ("py", "c", "h", "js", "css", "html")
    files = [one for end in ends for one in (ROOT / folder).rglob(f"*.{end}")]
    sizes = {str(one.relative_to(ROOT)): len(one.read_text("utf-8").splitlines()) for one in files}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_the_pure_modules_are_those_that_must_be_covered_whole() -> None:
    settings = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
    included = settings["tool"]["coverage"]["run"]["include"]
    expected = {f"*/distcc_build/{one.replace('.', '/')}.py" for one in PURE}
    assert set(included) == expected


def test_no_two_files_of_tests_have_one_name() -> None:
    # pytest takes them for one module, and finds no tests in the second.
    names = [path.name for path in (ROOT / "tests").rglob("*.py")]
    shared = {"__init__.py", "__main__.py", "conftest.py"}
    assert sorted(name for name in names if names.count(name) > 1 and name not in shared) == []
