#pragma once

/// \file
/// The boundary that no exception of core or of the standard library crosses into OpenUSD: around
/// the body of each virtual function that OpenUSD calls.

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <exception>
#include <new>
#include <type_traits>

#include "core/util/guard.h"

PXR_NAMESPACE_OPEN_SCOPE

/// While one lives, exceptions pass UsdParquetGuarded in its thread: for code of this plugin that
/// reads a layer through these functions, and must not take the fallback for what the layer holds.
class UsdParquetUnguarded {
 public:
  UsdParquetUnguarded() { ++Depth(); }
  ~UsdParquetUnguarded() { --Depth(); }
  UsdParquetUnguarded(const UsdParquetUnguarded&) = delete;
  UsdParquetUnguarded& operator=(const UsdParquetUnguarded&) = delete;

  static bool IsOn() { return Depth() > 0; }

 private:
  static int& Depth() {
    static thread_local int depth = 0;
    return depth;
  }
};

/// To be called where an exception was caught.
inline void UsdParquetReportException() {
  if (UsdParquetUnguarded::IsOn()) throw;
  TF_RUNTIME_ERROR("A Parquet layer can't be read or edited: %s",
                   usdparquet::StatusOfException().message().c_str());
}

/// Returns `f()`, or, where it throws, reports what and returns `fallback`. Costs nothing where
/// nothing is thrown. What Python throws in a visitor is no std::exception, and passes.
/// Inlined: a call would be a tenth of a warm read.
template <typename F>
[[gnu::always_inline]] inline std::invoke_result_t<F> UsdParquetGuarded(
    std::invoke_result_t<F> fallback, const F& f) {
  try {
    return f();
  } catch (const std::exception&) {
    UsdParquetReportException();
  }
  return fallback;
}

/// The same for what returns nothing.
template <typename F>
void UsdParquetGuarded(const F& f) {
  try {
    f();
  } catch (const std::exception&) {
    UsdParquetReportException();
  }
}

/// What is to be done with a result that was being set when something was thrown. A VtValue notes
/// its type before it has the memory, and could not be destroyed then: it is begun anew, and what
/// it held is not freed.
inline void UsdParquetForget(VtValue* out) {
  if (out) new (out) VtValue;
}
inline void UsdParquetForget(SdfAbstractDataValue*) {}

/// As UsdParquetGuarded, for `f` that sets `out` and returns whether it did.
template <typename Out, typename F>
[[gnu::always_inline]] inline bool UsdParquetGuardedInto(Out* out, const F& f) {
  return UsdParquetGuarded(false, [&]() -> bool {
    try {
      return f();
    } catch (const std::exception&) {
      UsdParquetForget(out);
      throw;
    }
  });
}

PXR_NAMESPACE_CLOSE_SCOPE
