#pragma once

/// \file
/// Whether values survive the type that they are stored with.

#include <arrow/array.h>

namespace usdparquet {

/// Whether a layer reads `stored`, a cast of `values` to a column's type, as `values` again: a
/// decimal may have rounded them, and a time has one way to be written. NaN comes back as NaN, and
/// -0.0 has to keep its sign. False also where that can't be told. Thread-safe.
bool ComesBack(const arrow::Array& values, const arrow::Array& stored);

}  // namespace usdparquet
