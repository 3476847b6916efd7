#pragma once

/// \file
/// Which texts of a table OpenUSD takes for paths and for expressions.

#include <pxr/pxr.h>

#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

// Tests for usdparquet::TableOptions. Thread-safe; no diagnostic is raised.

/// Of a relationship's target.
const char* UsdParquetProblemOfTarget(std::string_view text);
/// Of a path expression.
const char* UsdParquetProblemOfExpression(std::string_view text);

PXR_NAMESPACE_CLOSE_SCOPE
