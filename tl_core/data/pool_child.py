"""A process that does what its parent sends: pickled (function, argument) in, (True, result) or (False, error) out."""

import os
import pickle
import signal
import sys


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    while True:
        try:
            work, argument = pickle.load(sys.stdin.buffer)
        except EOFError:
            return  # the parent has gone, or needs no more
        try:
            answer = (True, work(argument))
        except Exception as error:
            answer = (False, error)
        pickle.dump(answer, output, pickle.HIGHEST_PROTOCOL)
        output.flush()


if __name__ == "__main__":
    main()
