"""What the scripts of the clients have in common: named checks, each run alone, and a report as JSON.

A script is started as `SCRIPT URI LAKE [CHECK...]`: the address of the server (grpc://127.0.0.1:PORT) and the URL below which
the files of `sql-tests/lake` lie. It prints `{"passed": [names]}` and ends with 0, or tells on standard error what went wrong
in which check and ends with 1.
"""

import faulthandler
import json
import re
import sys
import traceback

#: Seconds after which a check counts as stuck; the stacks of all threads are shown.
STUCK_AFTER = 120

URI = sys.argv[1]
#: Such as s3://lake, without a slash at the end.
LAKE = sys.argv[2].rstrip("/")

_CHECKS = []


def check(function):
    """Makes a function a check; its docstring says what must hold."""
    assert function.__doc__, f"{function.__name__} does not say what must hold"
    _CHECKS.append(function)
    return function


def equal(got, expected, what="what came"):
    """Fails unless both are equal, and of the same type where they are single values."""
    if got != expected or (type(got) is not type(expected) and not isinstance(got, (list, tuple, dict))):
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def holds(condition, what):
    """Fails unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def refused(pattern, call, *arguments, kind=Exception, **options):
    """The error that `call` raises; fails if it raises none, one of another kind or one whose text lacks the pattern."""
    try:
        answer = call(*arguments, **options)
    except kind as error:
        if not re.search(pattern, str(error), re.DOTALL):
            raise AssertionError(f"the error lacks {pattern!r}: {error}") from error
        return error
    raise AssertionError(f"no error came, but {answer!r}; expected {pattern!r}")


def main():
    """Runs the checks, or those that the command line names."""
    wanted = sys.argv[3:]
    passed, failed = [], 0
    for function in _CHECKS:
        if wanted and function.__name__ not in wanted:
            continue
        faulthandler.dump_traceback_later(STUCK_AFTER, exit=True)
        try:
            function()
            passed.append(function.__name__)
        except Exception:
            failed += 1
            print(f"{function.__name__}: {function.__doc__}\n{traceback.format_exc()}", file=sys.stderr)
        faulthandler.cancel_dump_traceback_later()
    print(json.dumps({"passed": passed}))
    if not passed and not failed:
        sys.exit(f"no check ran: {wanted} name none of them")
    sys.exit(1 if failed else 0)
