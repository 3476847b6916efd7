#pragma once

/// \file
/// The boundary that no exception of core or of the standard library crosses into OpenUSD: around
/// the body of each virtual function that OpenUSD calls.

#include <pxr/base/tf/diagnostic.h>
#include <pxr/pxr.h>

#include <exception>
#include <type_traits>

PXR_NAMESPACE_OPEN_SCOPE

/// Returns `f()`, or, where it throws, reports what and returns `fallback`. Costs nothing where
/// nothing is thrown. What Python throws in a visitor is no std::exception, and passes.
/// Inlined: a call would be a tenth of a warm read.
template <typename F>
[[gnu::always_inline]] inline std::invoke_result_t<F> UsdParquetGuarded(
    std::invoke_result_t<F> fallback, const F& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    TF_RUNTIME_ERROR("A Parquet layer can't be read or edited: %s", e.what());
  }
  return fallback;
}

/// The same for what returns nothing.
template <typename F>
void UsdParquetGuarded(const F& f) {
  try {
    f();
  } catch (const std::exception& e) {
    TF_RUNTIME_ERROR("A Parquet layer can't be read or edited: %s", e.what());
  }
}

PXR_NAMESPACE_CLOSE_SCOPE
