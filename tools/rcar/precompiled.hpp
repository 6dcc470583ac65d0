#pragma once
/// What most sub-commands include, compiled once for all of them.

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <rcar/any_recognizer.hpp>
