#pragma once

/// \file
/// One type for columns that several files store in different ones.

#include <arrow/type.h>

#include <memory>

namespace usdparquet {

/// The narrowest type into which Arrow casts the values of both types without a loss: the longer
/// integer of the same sign, the longer float, the decimal with room for the digits of both, the
/// finer unit of time, the plain type of dictionaries. Lists go by their elements and structs by
/// the names of their fields, of which the result has all; what has type null takes the other
/// type, but as an element of lists. Null if there is no such type, as for numbers and texts.
/// Thread-safe.
std::shared_ptr<arrow::DataType> CommonType(const std::shared_ptr<arrow::DataType>& one,
                                            const std::shared_ptr<arrow::DataType>& other);

}  // namespace usdparquet
