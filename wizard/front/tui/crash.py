"""What is said when something stops the program that nothing in it foresees: one sentence where the machine is the
reason, else enough for a report. No value of any variable: one of them may be a password, and the usual traceback
shows them.

It imports nothing, for there may be no memory and no file left to import with.
"""

from __future__ import annotations


def failure(error: BaseException | None) -> str:
    """What stopped the program, for a person."""
    if isinstance(error, MemoryError):
        return "There is not enough memory left to go on: raise the limit (ulimit -v, the container's) or end others."
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return (
            "No further thread is to be had: raise the limit on processes (ulimit -u) or memory (ulimit -v)."
        )
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return f"This machine refuses what is needed here: {error.strerror}{place}"
    return without_values(error)


def without_values(error: BaseException | None) -> str:
    """The kind of an error and where it came from, without its text."""
    places = []
    trace = error.__traceback__ if error else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"  {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    head = "dbwizard itself failed. This is a mistake of the program, please report it:"
    return "\n".join([head, *places, type(error).__name__])
