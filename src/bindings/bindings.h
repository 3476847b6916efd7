#pragma once

/// \file
/// What the parts of the Python module share.

#include <arrow/status.h>
#include <nanobind/nanobind.h>

#include <exception>
#include <functional>
#include <optional>
#include <string_view>

#include "core/write/table_writer.h"

namespace usdparquet::bindings {

/// OpenUSD's test for identifiers beyond ASCII, as Python has it. Callable from any thread.
bool IsPythonIdentifier(std::string_view name);

/// The codec that `name` stands for; ValueError if there is none.
arrow::Compression::type CodecOf(const std::string& name);

/// Raises the Python exception for `status`: OSError for what the system refused, ValueError for
/// what is wrong with the input, else RuntimeError. REQUIRES: the GIL is held.
[[noreturn]] void Raise(const arrow::Status& status);

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

  /// Returns `f()`, called without the GIL. Raises what Python raised in the meantime.
  /// REQUIRES: the GIL is held.
  template <typename F>
  auto Run(const F& f) const -> decltype(f()) {
    std::optional<decltype(f())> result;
    try {
      const nanobind::gil_scoped_release unlocked;
      result = f();
    } catch (const Stopped&) {
    }
    if (raised_) std::rethrow_exception(raised_);
    return std::move(*result);
  }

 private:
  struct Stopped : std::exception {};

  void Call(int64_t done, int64_t all);

  const Function function_;
  std::exception_ptr raised_;
};

// Each adds its functions to the module.
void AddWriting(nanobind::module_& module);
void AddReading(nanobind::module_& module);

}  // namespace usdparquet::bindings
