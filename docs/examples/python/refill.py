#!/usr/bin/env python3
"""A client of the Refill API. It needs Python 3.8 and nothing else.

    export REFILL=https://refill.example.net KEY_FILE=/etc/acme/refill-key
    printf %s CODE | python3 refill.py redeem USERNAME REFERENCE
    python3 refill.py list [REFERENCE]
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

AGAIN = {408, 429, 500, 502, 503, 504}  # the same request can succeed later


class Refused(Exception):
    """An answer that does not change by asking again."""

    def __init__(self, status, problem):
        super().__init__(problem.get("detail", "status %d" % status))
        self.status, self.code = status, problem.get("code", "")


class Refill:
    def __init__(self, address, key, tries=5):
        self.base, self.key, self.tries = address.rstrip("/") + "/api/v1", key, tries

    def redeem(self, code, username, reference):
        """Redeems a card once for a reference, however often it is called."""
        body = {"code": code, "customer": {"username": username}, "reference": reference}
        return self._ask("POST", "/redemptions", body, reference)

    def redemptions(self, **filters):
        """Yields redemptions, newest first, page by page."""
        while True:
            page = self._ask("GET", "/redemptions?" + urllib.parse.urlencode(dict(filters, limit=50)))
            yield from page["data"]
            if page["next"] is None:
                return
            filters["after"] = page["next"]

    def _ask(self, method, path, body=None, key=None):
        headers = {"Authorization": "Bearer " + self.key}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        for attempt in range(1, self.tries + 1):
            wait = attempt
            try:
                request = urllib.request.Request(self.base + path, data, headers, method=method)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code not in AGAIN or attempt == self.tries:
                    raise Refused(error.code, problem_of(error)) from None
                wait = int(error.headers.get("Retry-After", attempt))
            except OSError:  # no connection, or no answer in time: the outcome is unknown
                if attempt == self.tries:
                    raise
            time.sleep(wait)


def problem_of(error):
    try:
        return json.load(error)
    except ValueError:  # a proxy on the way has answered
        return {}


def main(args):
    with open(os.environ["KEY_FILE"], encoding="ascii") as file:
        refill = Refill(os.environ["REFILL"], file.read().strip())
    try:
        if len(args) == 3 and args[0] == "redeem":
            print(json.dumps(refill.redeem(sys.stdin.read().strip(), args[1], args[2])))
        elif len(args) in (1, 2) and args[0] == "list":
            for one in refill.redemptions(**({"reference": args[1]} if len(args) == 2 else {})):
                print(json.dumps(one))
        else:
            sys.exit(__doc__)
    except Refused as refused:
        sys.exit("%s: %s" % (refused.code, refused))


if __name__ == "__main__":
    main(sys.argv[1:])
