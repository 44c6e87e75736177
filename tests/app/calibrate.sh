#!/usr/bin/env bash
# octopole calibrate measures errors that fall with the order, and recommends what it has measured.
. "$(dirname "$0")/common.sh"

expect 0 2 calibrate -n 2000 --min-order 3 --max-order 5 --ncrit 40,80 --check-extra 0 --samples 100 -o calibration.json
shows out "order" "plummer" "digits" "calibration.json"
shows calibration.json '"table"' '"measurements"' '"digits": 3' '"worst_error"' '"check_order"' '"shape": "ellipsoid"'
[ "$(grep -c '"relative_l2"' calibration.json)" -eq 24 ] || fail "not 3 orders x 2 ncrit x 4 clouds"
expect 2 2 calibrate --min-order 5 --max-order 3 -o calibration.json
shows err "--min-order"
finish
