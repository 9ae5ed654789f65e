"""What the first page waits for: `python -m benchmarks.first_page`

Starts a server and a browser, opens the first page, and says how long each took; then by whose code the browser was kept while
it drew the page (Chromium's own sampling profile, which slows it down a little). Medians of `--repeats`.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.browser import server_and_browser
from tl_core.engine.machine import hardware, software

SHOWN = ".tl-wide svg.tl-diagram"


def opened(home: Path, profiled: bool) -> tuple[float, float, Counter[str]]:
    """Seconds until server and browser are there, from then until the page is, and in whose code the browser was."""
    home.mkdir()
    start = time.perf_counter()
    with server_and_browser(home) as (server, browser):
        page = browser.new_page()
        ready = time.perf_counter()
        client = page.context.new_cdp_session(page) if profiled else None
        if client is not None:
            client.send("Profiler.enable")
            client.send("Profiler.start")
        page.goto(server.url)
        page.locator(SHOWN).first.wait_for()
        shown = time.perf_counter()
        found = by_owner(client.send("Profiler.stop")["profile"]) if client is not None else Counter()
    return ready - start, shown - ready, found


def by_owner(profile: dict[str, Any]) -> Counter[str]:
    """Seconds by the file that a sample was in; `(program)` is native code: parsing, style, layout, painting."""
    frames = {node["id"]: node["callFrame"] for node in profile["nodes"]}
    spent: Counter[str] = Counter()
    for node, microseconds in zip(profile["samples"], profile["timeDeltas"], strict=True):
        name, url = frames[node]["functionName"], frames[node]["url"]
        if name.startswith("("):
            owner = name
        elif "/static/js/" in url:
            owner = "Streamlit: " + re.split(r"\.[\w-]+\.js", url.rsplit("/", 1)[-1])[0]
        else:
            owner = "ours" if url.startswith("blob:") else "other"
        spent[owner] += microseconds / 1e6
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    print(f"{hardware()}; {software()}")
    with tempfile.TemporaryDirectory() as folder:
        found = [
            (opened(Path(folder) / f"plain{number}", False), opened(Path(folder) / f"profiled{number}", True))
            for number in range(args.repeats)
        ]
    for what, place in (("server and browser are there", 0), ("and then the page", 1)):
        print(f"{what}: {statistics.median(plain[place] for plain, _ in found):.2f} s")
    owners = {owner for _, profiled in found for owner in profiled[2]}
    medians = {owner: statistics.median(profiled[2][owner] for _, profiled in found) for owner in owners}
    print("in whose code the browser was, profiled:")
    for owner, seconds in sorted(medians.items(), key=lambda each: -each[1])[:10]:
        print(f"  {seconds:5.2f} s  {owner}")
    print(
        f"  {sum(seconds for owner, seconds in medians.items() if owner.startswith('Streamlit')):5.2f} s  all of Streamlit's"
    )


if __name__ == "__main__":
    main()
