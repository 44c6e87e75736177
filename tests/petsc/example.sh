#!/usr/bin/env bash
# The example of docs/petsc.md as its users run it: $1; MPIEXEC starts it. Options, log, help.
set -u
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
program=$1
cd "$scratch" || exit 1
failures=0
run() {
  local ranks=$1
  shift
  timeout 100 "${mpiexec[@]}" -n "$ranks" "$program" "$@" >out 2>&1 </dev/null
  status=$?
}
shows() {
  local file=$1 word
  shift
  for word in "$@"; do
    grep -qF -- "$word" "$file" || { echo "FAILED: '$word' is not in $file:"; cat "$file"; failures=$((failures + 1)); }
  done
}
succeeds() {
  [ "$status" -eq 0 ] || { echo "FAILED: exit code $status"; cat out; failures=$((failures + 1)); }
}

run 2 -log_view -ksp_view -octopole_ncrit 40 -octopole_digts 5 -options_left -octopole_relax
succeeds
shows out "Octopole set-up" Oct:SetPoints Oct:sTree Oct:P2M Oct:M2L Oct:P2P Oct:xCharges Oct:xMultipoles Oct:NearSetUp \
  Oct:NearApply "type: octopole_near" "7 digits" "products with" octopole_digts
if grep -qE 'left.*-octopole_ncrit' out; then echo "FAILED: ncrit was left"; failures=$((failures + 1)); fi
# An exchange has messages, an operator operations: not all figures of their lines are zero.
grep -F Oct:xCharges out | grep -qE ' [1-9]\.[0-9]e\+0[0-9] [0-9.]+e\+0[1-9]' || {
  echo "FAILED: no messages"; grep -F Oct:x out; failures=$((failures + 1)); }
grep -F Oct:P2P out | grep -qE ' [1-9]\.[0-9]+e\+0[4-9] ' || {
  echo "FAILED: no operations"; grep -F Oct:P2P out; failures=$((failures + 1)); }

run 1 -log_view :log.csv:ascii_csv
succeeds
shows out "x at the first point: 0.0287"  # the answer that the example states
shows log.csv Oct:P2P
run 1 -log_view :log.xml:ascii_xml
succeeds
shows log.xml Oct:P2P
run 1 -help
succeeds
shows out -octopole_digits -octopole_order -octopole_ncrit -octopole_precision -octopole_m2l -octopole_relax \
  -octopole_direct_leaves -octopole_allgather_threshold -octopole_outer_radius \
  -pc_octopole_near_overlap -pc_octopole_near_block
run 1 -octopole_digits 4 -ksp_rtol 1e-8
shows out "4 digits" "1e-08 needs 10"
run 1 -octopole_digits 5 -octopole_near_form estimate
shows out "5 digits" "estimate"
run 1 -octopole_m2l nonsense
[ "$status" -ne 0 ] || { echo "FAILED: nonsense was taken"; failures=$((failures + 1)); }
for name in allgather_threshold coarse_users; do  # coarse_users: its earlier name
  run 1 -octopole_$name 0
  [ "$status" -ne 0 ] || { echo "FAILED: $name 0 was taken"; failures=$((failures + 1)); }
done
run 1 -pc_octopole_near_overlap 2
[ "$status" -ne 0 ] || { echo "FAILED: overlap 2 was taken"; failures=$((failures + 1)); }
exit $((failures > 0))
