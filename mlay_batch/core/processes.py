"""What processes may take, and a child that works beside us."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # start-up: for annotations only
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess


def limit_memory(megabytes: int) -> None:
    """Limit the memory of the running process where the system can; it leaves no core dump."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # there RLIMIT_AS is refused below what the system has mapped
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


@contextmanager
def pause_garbage_collection() -> Iterator[None]:
    """Let Python not search for reference cycles while many objects are made.

    Cells and figures have none; to look at all of them again and again took a fifth of the time.
    Who asks for a search (`gc.collect`) has only those looked at that were made since.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


class SecondProcess:
    """A child that does a part of the work while this process does another.

    Where it cannot be started, dies or fails it gives no result: who asked does the work himself.
    It ends with `close`, and with us.
    """

    def __init__(self) -> None:
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._receiver: Thread | None = None

    @property
    def is_started(self) -> bool:
        """Whether there is a child."""
        return self._pipe is not None

    def start(self, *modules: str) -> None:
        """Start the child, if there is none and a processor for it; it imports `modules`."""
        if self.is_started or (os.cpu_count() or 1) == 1:
            return
        from multiprocessing import get_context  # start-up: see below

        context = get_context("spawn")  # the same on every system, without the parent's memory
        pipe, child_pipe = context.Pipe()
        self._process = context.Process(target=_serve, args=(child_pipe, modules), daemon=True)
        with contextlib.suppress(OSError):
            self._process.start()
            self._pipe = pipe
        child_pipe.close()

    def submit(self, function: str, *arguments: object) -> Iterator[Any]:
        """Have the child call the generator function of its first module; yield what that yields.

        It begins at once, and waits for nobody to take what it yields. As pickled, what it is given
        must be small, a few thousand bytes: nobody waits until the child reads. Nothing more comes
        from a child that has ended.
        """
        if self._pipe is None:
            return iter(())
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(pickle.dumps((function, arguments)))
        answers: SimpleQueue[bytes | None] = SimpleQueue()
        self._receiver = Thread(target=self._receive, args=[answers], daemon=True)
        self._receiver.start()
        return map(pickle.loads, iter(answers.get, None))  # our own child's

    def _receive(self, answers: SimpleQueue[bytes | None]) -> None:
        """Put the answers of the child into the queue, None behind the last. Runs in a thread.

        Until the child has taken its end of the pipe, Windows keeps that open here: nothing but the
        end of the process would tell.
        """
        from multiprocessing import connection  # start-up: most commands start no child

        pipe, process = self._pipe, self._process
        with contextlib.suppress(EOFError, OSError, MemoryError):
            while pipe and process and pipe in connection.wait([pipe, process.sentinel]):
                answers.put(pipe.recv_bytes())
        answers.put(None)

    def close(self) -> None:
        """Kill the child, if there is one."""
        if self._pipe is not None and self._process is not None:
            self._process.kill()
            self._process.join()
            if self._receiver:
                self._receiver.join()
            self._process.close()
            self._pipe.close()
            self._pipe = None


def _serve(pipe: Connection, modules: Sequence[str]) -> None:
    """Do what is asked; end where it fails: the parent then does it and says why. In the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    with contextlib.suppress(Exception), pause_garbage_collection():
        functions, *_ = map(import_module, modules)
        function, arguments = pickle.loads(pipe.recv_bytes())  # noqa: S301 - our own parent's
        for answer in getattr(functions, function)(*arguments):
            pipe.send_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
