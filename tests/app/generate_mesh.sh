#!/usr/bin/env bash
# octopole generate mesh writes the geometries, the same on any number of ranks, and refuses what makes no sense.
. "$(dirname "$0")/common.sh"
needs_module bem "boundary elements" OCTOPOLE_BEM generate mesh sphere -n 4 -o one.msh

expect 0 1 generate mesh sphere -n 4 -o one.msh
shows out "sphere: 320 triangles, 1 conductor in one.msh"
expect 0 3 generate mesh sphere --refine 4 -o three.msh
cmp one.msh three.msh || fail "the mesh differs on three ranks"
head -c 22 one.msh >head.txt
shows head.txt '$MeshFormat' '4.1 1 8'

expect 0 1 generate mesh two-spheres -n 2 --radius 1 --radius2 0.5 --gap 0.3 -o two.obj
shows out "160 triangles, 2 conductors"
shows two.obj "o sphere1" "o sphere2"
expect 0 1 generate mesh cube -n 3 --grading 2 --side 2 --ascii -o cube.msh --quiet
[ -s out ] && fail "--quiet prints"
shows cube.msh '4.1 0 8' '2 1 "cube"'
expect 0 1 generate mesh plates -n 4 --thickness 0.1 --gap 0.2 --ascii -o plates.stl
shows plates.stl "solid plate1" "solid plate2"
expect 0 1 generate mesh bus -n 1 --bars 2 -o bus.stl
shows out "bus: 176 triangles, 4 conductors"
[ "$(wc -c <bus.stl)" -eq $((84 + 50 * 176)) ] || fail "bus.stl has not the size of its facets"

# Nothing is overwritten by a failure.
cp cube.msh before.msh
expect 2 1 generate mesh cube -n 3 --radius 2 -o cube.msh
shows err "--radius does not apply to the geometry cube"
expect 1 2 generate mesh cube -n 0 -o cube.msh
shows err "the refinement of the mesh is 0"
expect 1 1 generate mesh sphere --radius=-1 -o cube.msh
shows err "radius"
cmp cube.msh before.msh || fail "a failure has changed the file"
expect 1 1 generate mesh sphere -o sphere.ply
shows err ".msh (Gmsh 4.1), .obj or .stl"
expect 2 1 generate mesh pyramid -o a.msh
expect 2 1 generate mesh sphere
expect 2 1 generate --seed 3 mesh sphere -o a.msh
[ -e a.msh ] && fail "a file in spite of bad usage"

# Point distributions still need their own options.
expect 2 1 generate cube -o cube.h5
shows err "--points"
expect 2 1 generate -n 10 -o cube.h5
shows err "shape"
finish
