"""Runs a command in a terminal of its own, and does something to the terminal once a folder holds a file.

  terminal.py interrupt|close FOLDER LOG COMMAND…

`interrupt` types Ctrl-C; `close` takes the terminal away, as a window that is closed does. What the command writes goes to LOG.
Prints the exit code that the command ends with.
"""

import os
import pathlib
import pty
import signal
import sys
import threading
import time

what, folder, log, *command = sys.argv[1:]
process, terminal = pty.fork()
if process == 0:
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    # A shell in between, as there is one in life; it waits, and hears the signals as well.
    os.execvp("bash", ["bash", "-c", 'trap : INT; "$@"; exit $?', "bash", *command])


def read():
    with open(log, "ab", buffering=0) as file:
        while True:
            try:
                file.write(os.read(terminal, 4096))
            except OSError:
                return


threading.Thread(target=read, daemon=True).start()
limit = time.monotonic() + 60
while time.monotonic() < limit and not any(pathlib.Path(folder).glob("[!.]*.json")):
    time.sleep(0.05)
if what == "interrupt":
    os.write(terminal, b"\x03")
else:
    # The command's own process: the shell is gone with its terminal.
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    handle = os.pidfd_open(int(children[0]))
    os.close(terminal)
    os.waitpid(process, 0)
    import select

    ended, _, _ = select.select([handle], [], [], 60)
    print("gone" if ended else "still there")
    sys.exit()
_, status = os.waitpid(process, 0)
print(os.waitstatus_to_exitcode(status))
