#!/usr/bin/env bash
# octopole calibrate measures errors that fall with the order, and recommends what it has measured.
. "$(dirname "$0")/common.sh"
needs python3

expect 0 2 calibrate -n 2000 --min-order 3 --max-order 5 --ncrit 40,80 --check-extra 0 --shapes cube,sphere,ellipsoid,plummer \
  --targets sources --outputs potential --samples 100 -o calibration.json
shows out "order" "plummer" "digits" "calibration.json"
shows calibration.json '"table"' '"measurements"' '"digits": 3' '"worst_error"' '"check_order"' '"shape": "ellipsoid"'
[ "$(grep -c '"relative_l2"' calibration.json)" -eq 24 ] || fail "not 3 orders x 2 ncrit x 4 shapes"

# Of both outputs, with targets at the sources, among them and around them; the gradient needs a higher order.
expect 0 2 calibrate -n 1500 --min-order 3 --max-order 5 --ncrit 40 --check-extra 0 --shapes plummer,clusters --samples 100 \
  --targets sources,cloud,box -o both.json  # cloud: the earlier name of shape
[ "$(grep -c '"relative_l2"' both.json)" -eq 36 ] || fail "not 3 orders x 2 shapes x 3 places of targets x 2 outputs"
shows both.json '"shape": "clusters"' '"targets": "box"' '"targets": "cloud"' '"output": "gradient"' '"gradient_relative_l2": null'
python3 - <<'END' || fail "the table of the gradient is not that of the larger error"
import json
found = json.load(open("both.json"))
for output in ("potential", "gradient"):
    worst = {}
    for m in found["measurements"]:
        if m["output"] == output:
            error = max(m["relative_l2"], m["gradient_relative_l2"] or 0)
            worst[m["order"]] = max(worst.get(m["order"], 0), error)
    rows = [row for row in found["table"] if row["output"] == output]
    assert rows, output
    for row in rows:
        assert row["worst_error"] == worst[row["order"]], (row, worst)
        assert row["worst_error"] * found["safety"] < 10 ** -row["digits"]
orders = {(row["output"], row["digits"]): row["order"] for row in found["table"]}
assert orders["gradient", 2] > orders["potential", 2], orders
END
expect 2 2 calibrate --min-order 5 --max-order 3 -o calibration.json
shows err "--min-order"
finish
