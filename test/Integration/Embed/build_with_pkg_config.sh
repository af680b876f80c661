#!/bin/sh
# build_with_pkg_config.sh SOURCE PROGRAM
set -e
c++ -std=c++20 "$1" -o "$2" $(pkg-config --define-prefix --cflags --libs noodle)
