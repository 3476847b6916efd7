#pragma once

/// \file
/// What the parts of the Python module share: errors, the GIL, and progress.

#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/table/table_file.h"
#include "core/util/guard.h"

namespace usdparquet::bindings {

/// OpenUSD's test for identifiers beyond ASCII, as Python has it. Callable from any thread.
bool IsPythonIdentifier(std::string_view name);

/// `text` as a str, with a U+FFFD for each byte that is not UTF-8. REQUIRES: the GIL is held.
nanobind::str ToStr(std::string_view text);

/// The bytes of a file's name, given as a str, bytes or os.PathLike. Names are not always UTF-8:
/// Python has surrogates for the other bytes. Raises TypeError or ValueError for what is no name.
/// REQUIRES: the GIL is held.
std::string FileName(const nanobind::object& file);

/// Raises the Python exception for `status`: OSError for what the system refused and for files that
/// can't be read, MemoryError, else ValueError for what is wrong with the input.
/// Every error of core becomes an exception here. REQUIRES: the GIL is held.
[[noreturn]] void Raise(const arrow::Status& status);

/// The value of `result`; raises its error. REQUIRES: the GIL is held.
template <typename T>
T ValueOrRaise(arrow::Result<T> result) {
  if (!result.ok()) Raise(result.status());
  return std::move(result).ValueUnsafe();
}

/// Returns the value of `f()`, an arrow::Result, called without the GIL; raises its error.
/// REQUIRES: the GIL is held.
template <typename F>
auto CallUnlocked(const F& f) {
  const auto call = [&f] {
    const nanobind::gil_scoped_release unlocked;
    return Guarded(f);
  };
  return ValueOrRaise(call());
}

/// Calls a Python function now and then from code that holds no GIL, and lets Python act on signals
/// (Ctrl-C) then. What Python raises stops the work.
class Progress {
 public:
  using Function = std::function<void(int64_t, int64_t)>;
  explicit Progress(Function function) : function_(std::move(function)) {}

  /// As core takes it; valid as long as this object.
  Function Callback() {
    return [this](int64_t done, int64_t all) { Call(done, all); };
  }

  /// As CallUnlocked. What Python raised in the meantime is raised again.
  /// REQUIRES: the GIL is held.
  template <typename F>
  auto Run(const F& f) const {
    std::optional<decltype(f())> result;
    try {
      const nanobind::gil_scoped_release unlocked;
      result = f();
    } catch (const Stopped&) {
    }
    if (raised_) std::rethrow_exception(raised_);
    return ValueOrRaise(std::move(*result));
  }

 private:
  struct Stopped : std::exception {};

  void Call(int64_t done, int64_t all);

  const Function function_;
  std::exception_ptr raised_;
};

/// An `arrow_array_stream` capsule. REQUIRES: the GIL is held.
nanobind::capsule ToStream(const std::shared_ptr<arrow::RecordBatchReader>& reader);

/// A message for each column of a row group with damaged pages, which begins with `name`. Decodes
/// every page of the file. Thread-safe; needs no GIL.
arrow::Result<std::vector<std::string>> FindDamage(const TableFile& file, const std::string& name);

// Each adds its functions to the module.
void AddWriting(nanobind::module_& module);
void AddReading(nanobind::module_& module);
void AddRecovering(nanobind::module_& module);
void AddColoring(nanobind::module_& module);
void AddJoining(nanobind::module_& module);
void AddInterrupting(nanobind::module_& module);
void AddDatasets(nanobind::module_& module);

}  // namespace usdparquet::bindings
