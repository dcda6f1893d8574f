"""A program that stays, for tests: ``python -m tests.lprsite.resident_programs``.

It keeps the named pipe LPR_TEST_PIPE open, if there is one, so that its reader sees its end.
"""

from __future__ import annotations

import json
import os
import sys

if named := os.environ.get("LPR_TEST_PIPE"):
    os.write(os.open(named, os.O_WRONLY), b"resident\n")
for line in sys.stdin:
    request = json.loads(line)
    match request["do"]:
        case "say":
            said = {"said": request["word"], "pid": os.getpid()}
        case "refuse":
            said = {"refused": {"why": "No.", "why_es": "No.", "code": "Never"}}
        case "end":
            sys.exit(0)
        case "crash":
            sys.exit("the oven is cold")
        case _:  # silence
            continue
    sys.stdout.write(json.dumps(said) + "\n")
    if request["do"] == "say" and request["word"] == "the last":
        sys.exit(0)
