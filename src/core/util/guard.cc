#include "core/util/guard.h"

#include <exception>
#include <new>

#include "core/util/message_text.h"

namespace usdparquet {

arrow::Status StatusOfException(std::string_view what) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("there is not enough memory");
  } catch (const std::exception& e) {
    return arrow::Status::IOError(what, MessageText(e.what()));
  } catch (...) {
    return arrow::Status::UnknownError(what, "an exception of unknown type");
  }
}

}  // namespace usdparquet
