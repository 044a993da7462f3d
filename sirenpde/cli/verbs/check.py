"""``check``: what can be proven before a problem is solved."""

from __future__ import annotations

from ..flags import add_json
from ..terminal import aside, print_json
from ..verb import Call, Verb, register

_MARKS, _WARNS = {True: "ok", False: "WRONG", None: "-"}, "WARN"


def run(call: Call) -> int:
    """Exit code 1 where something is wrong; warnings are told, and alone leave it 0."""
    from ...analysis.check import Finding, check
    from ..samples import draw_samples, picture_file, prepare

    session, as_json = call.session, call.flags.json
    choice, system = prepare(session)
    file = picture_file(session, call.flags.out)
    settings = session.given.settings
    findings: list[Finding] = []
    checks = check(session.problem, system, settings.seed, settings.samples_scale, choice.recipes)
    while True:
        with aside():
            finding = next(checks, None)
        if finding is None:
            break
        findings.append(finding)
        if not as_json:
            mark = _WARNS if finding.warns else _MARKS[finding.ok]
            print(f"{mark:<5} {finding.topic}: {finding.text}", flush=True)
    picture = draw_samples(session, system, file)
    wrong, warned = sum(f.ok is False for f in findings), sum(f.warns for f in findings)
    if as_json:
        rows = [{"topic": f.topic, "ok": f.ok, "warning": f.warns, "text": f.text} for f in findings]
        print_json({"ok": not wrong, "warnings": warned, "findings": rows, "picture": str(picture)})
    else:
        print(f"{_MARKS[None]:<5} samples and normals drawn in {picture}")
        print(_verdict(wrong, warned, len(findings)))
    return 1 if wrong else 0


def _verdict(wrong: int, warned: int, count: int) -> str:
    """The last line: well is only what has neither mistakes nor warnings."""
    warnings = f"{warned} warning" + "s" * (warned > 1)
    if wrong:
        return f"{wrong} of {count} findings wrong" + f", and {warnings}" * bool(warned)
    return (
        f"nothing is wrong, but there {'is' if warned == 1 else 'are'} {warnings}"
        if warned
        else "all is well"
    )


register(
    Verb(
        "check",
        "prove what can be proven before solving: derivatives, declared solution, samples, scales",
        run,
        "PROBLEM",
        add_json,
        rank=20,
    )
)
