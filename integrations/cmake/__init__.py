"""The CMake package DistccBuild."""
