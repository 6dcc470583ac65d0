#pragma once
/// The page's document, style and script. Each stands in a file of its own under page/, wrapped in a raw string
/// (first and last line), so that it reads and is edited as what it is and still installs as a header.

#include <string_view>

namespace rcar::report::page {

/// The HTML that data, style and script are put into.
inline constexpr std::string_view document =
#include "page/page.html"
    ;

/// The CSS of the page.
inline constexpr std::string_view style =
#include "page/style.css"
    ;

// One script, in this order: neighbouring literals are one literal.
/// The JavaScript of the page.
// clang-format off
inline constexpr std::string_view script =
#include "page/dom.js"
#include "page/charts.js"
#include "page/views.js"
#include "page/mistakes.js"
#include "page/start.js"
    ;
// clang-format on

}  // namespace rcar::report::page
