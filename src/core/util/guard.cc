#include "core/util/guard.h"

#include <parquet/exception.h>

#include <exception>
#include <new>

#include "core/util/message_text.h"

namespace usdparquet {
namespace {

constexpr char kNoMemory[] = "there is not enough memory";

}  // namespace

arrow::Status StatusOfException(std::string_view what) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory(kNoMemory);
  } catch (const parquet::ParquetStatusException& e) {
    // Arrow's status of a pool without memory, thrown by its Parquet classes.
    if (e.status().IsOutOfMemory()) return arrow::Status::OutOfMemory(kNoMemory);
    return arrow::Status::IOError(what, MessageText(e.what()));
  } catch (const std::exception& e) {
    return arrow::Status::IOError(what, MessageText(e.what()));
  } catch (...) {
    return arrow::Status::UnknownError(what, "an exception of unknown type");
  }
}

}  // namespace usdparquet
