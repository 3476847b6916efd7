#pragma once

/// \file
/// Pages that are walked to the last one, as whoever decodes them does.

#include <arrow/status.h>

#include <cstdint>
#include <span>

#include "core/pages/page_header.h"

namespace usdparquet_test {

/// The first error of a walk over the pages in `bytes`.
inline arrow::Status WalkPages(std::span<const uint8_t> bytes, bool has_lists) {
  for (usdparquet::PageWalk pages(bytes, has_lists); !pages.is_done();) {
    ARROW_RETURN_NOT_OK(pages.Next().status());
  }
  return arrow::Status::OK();
}

}  // namespace usdparquet_test
