"""Runs a command in a terminal of its own, and does something to the terminal once a folder holds a file.

  terminal.py interrupt|close FOLDER LOG COMMAND…

`interrupt` types Ctrl-C; `close` takes the terminal away, as a window that is closed does. What the command writes goes
to LOG. Prints the exit code that the command ends with.
"""

import os
import pathlib
import pty
import select
import signal
import sys
import time

what, folder, log, *command = sys.argv[1:]
process, terminal = pty.fork()
if process == 0:
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    # A shell in between, as there is one in life; it waits, and hears the signals as well.
    os.execvp("bash", ["bash", "-c", 'trap : INT; "$@"; exit $?', "bash", *command])


def read(seconds):
    """Keeps what the command writes, for a while; False at its end."""
    with open(log, "ab", buffering=0) as file:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    file.write(os.read(terminal, 4096))
                except OSError:
                    return False
    return True


limit = time.monotonic() + 60
while time.monotonic() < limit and not any(pathlib.Path(folder).glob("[!.]*.json")):
    read(0.1)
if what == "interrupt":
    os.write(terminal, b"\x03")
    while read(1):
        pass
else:
    # The command's own process: the shell is gone with its terminal.
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    handle = os.pidfd_open(int(children[0]))
    os.close(terminal)
    os.waitpid(process, 0)
    ended, _, _ = select.select([handle], [], [], 60)
    print("gone" if ended else "still there")
    sys.exit()
_, status = os.waitpid(process, 0)
print(os.waitstatus_to_exitcode(status))
