#include "bindings/bindings.h"

#include <Python.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>

namespace nb = nanobind;

namespace usdparquet::bindings {

// Python's identifiers are those of OpenUSD: XID_Start or `_`, then XID_Continue.
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

nb::str ToStr(std::string_view text) {
  PyObject* const made =
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
  if (!made) throw nb::python_error();
  return nb::steal<nb::str>(made);
}

std::string FileName(const nb::object& file) {
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(file.ptr(), static_cast<void*>(&encoded)) == 0)
    throw nb::python_error();
  const nb::object owner = nb::steal(encoded);
  return {PyBytes_AsString(encoded), static_cast<size_t>(PyBytes_Size(encoded))};
}

void Raise(const arrow::Status& status) {
  PyObject* const type = status.IsIOError()       ? PyExc_OSError
                         : status.IsOutOfMemory() ? PyExc_MemoryError
                                                  : PyExc_ValueError;
  std::string message = status.message();
  if (status.detail()) {  // the system's reason
    const std::string reason = status.detail()->ToString();
    if (message.find(reason) == std::string::npos) message += ": " + reason;
  }
  PyErr_SetObject(type, ToStr(message).ptr());
  throw nb::python_error();
}

namespace {

/// Gives the stream back if Python did not take it.
void ReleaseStream(void* pointer) noexcept {
  auto* const stream = static_cast<ArrowArrayStream*>(pointer);
  if (stream->release) stream->release(stream);
  delete stream;
}

}  // namespace

nb::capsule ToStream(const std::shared_ptr<arrow::RecordBatchReader>& reader) {
  auto stream = std::make_unique<ArrowArrayStream>();
  const arrow::Status status = arrow::ExportRecordBatchReader(reader, stream.get());
  if (!status.ok()) Raise(status);
  return nb::capsule(stream.release(), "arrow_array_stream", &ReleaseStream);
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
