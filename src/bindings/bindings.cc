#include "bindings.h"

#include <Python.h>

#include <stdexcept>
#include <string>

namespace nb = nanobind;

namespace usdparquet::bindings {

/// Python's identifiers are those of OpenUSD: XID_Start or `_`, then XID_Continue. Asked only of
/// names beyond ASCII, from any thread.
bool IsPythonIdentifier(std::string_view name) {
  const nb::gil_scoped_acquire locked;
  PyObject* text = PyUnicode_DecodeUTF8(name.data(), static_cast<Py_ssize_t>(name.size()), nullptr);
  if (!text) {
    PyErr_Clear();
    return false;
  }
  const bool is_identifier = PyUnicode_IsIdentifier(text) == 1;
  Py_DECREF(text);
  return is_identifier;
}

arrow::Compression::type CodecOf(const std::string& name) {
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "zstd") return arrow::Compression::ZSTD;
  throw std::invalid_argument("compression '" + name + "' is none of none, snappy, zstd");
}

void Raise(const arrow::Status& status) {
  PyObject* type = PyExc_RuntimeError;
  if (status.IsIOError()) {
    type = PyExc_OSError;
  } else if (status.IsInvalid() || status.IsKeyError() || status.IsTypeError() ||
             status.IsNotImplemented()) {
    type = PyExc_ValueError;
  } else if (status.IsOutOfMemory()) {
    type = PyExc_MemoryError;
  }
  std::string message = status.message();
  if (status.detail()) message += ": " + status.detail()->ToString();
  PyErr_SetString(type, message.c_str());
  throw nb::python_error();
}

void Progress::Call(int64_t done, int64_t all) {
  const nb::gil_scoped_acquire locked;
  try {
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (function_) function_(done, all);
    return;
  } catch (...) {
    raised_ = std::current_exception();
  }
  throw Stopped();
}

}  // namespace usdparquet::bindings
