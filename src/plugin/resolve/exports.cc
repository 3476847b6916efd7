// Plain functions for the Python package, which calls them through ctypes.

#include <arrow/builder.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <pxr/usd/pcp/cache.h>
#include <pxr/usd/pcp/layerStackIdentifier.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/util/guard.h"
#include "plugin/resolve/python_cache.h"
#include "plugin/resolve/stage_columns.h"
#include "plugin/resolve/stage_prims.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

arrow::Result<std::shared_ptr<arrow::Array>> ToArray(const std::vector<bool>& bits) {
  arrow::BooleanBuilder builder;
  ARROW_RETURN_NOT_OK(builder.AppendValues(bits));
  return builder.Finish();
}

/// What usdparquet_resolve finds. The indexes of the prims are let go of before that is complete.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> Resolve(const PcpCache& cache,
                                                           UsdParquetStagePrims prims,
                                                           const UsdParquetWanted& wanted) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, UsdParquetResolveColumns(cache, &prims, wanted));
  ARROW_ASSIGN_OR_RAISE(const auto instances, ToArray(prims.is_instance));
  arrow::FieldVector fields = {arrow::field("path", arrow::utf8()),
                               arrow::field("instance", arrow::boolean())};
  arrow::ArrayVector arrays = {prims.paths, instances};
  for (const UsdParquetResolvedColumn& column : columns) {
    fields.push_back(arrow::field("cells", column.cells->type()));
    arrays.push_back(column.cells);
    fields.push_back(arrow::field("found", arrow::uint8()));
    arrays.push_back(column.found);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), prims.paths->length(),
                                  std::move(arrays));
}

}  // namespace

extern "C" {

/// The PcpCache of a stage whose root layer has that identifier, out of what `_GetPcpCache()` gave;
/// null if that is not what it is. REQUIRES: the GIL is held.
[[gnu::visibility("default")]] void* usdparquet_cache_of(void* python_object,
                                                         const char* root_layer) {
  const PcpCache* const cache = UsdParquetCacheOf(python_object);
  if (!cache || !cache->IsUsd()) return nullptr;
  const SdfLayerHandle& layer = cache->GetLayerStackIdentifier().rootLayer;
  return layer && layer->GetIdentifier() == root_layer ? const_cast<PcpCache*>(cache) : nullptr;
}

/// Attributes called `names` of the prim at the path `top` and of all below it; or, if `paths` is
/// not null, of the prims there (an empty path is a prim of which nothing is known). What is found
/// is a record batch of the paths, of whether the prims are instances, and for each name of the
/// values and of how they were found (UsdParquetFound).
///
/// Returns null, or what went wrong, which is valid until the thread's next call.
/// REQUIRES: as UsdParquetFindPrims and UsdParquetPrimsAt; the GIL is not held.
[[gnu::visibility("default")]] const char* usdparquet_resolve(
    const void* pcp_cache, const char* top, const char* const* paths, size_t num_paths,
    const char* const* names, const uint8_t* can_fall_back, size_t num_names, int is_default_time,
    ArrowArray* array, ArrowSchema* schema) {
  static thread_local std::string message;
  const arrow::Status status = usdparquet::Guarded([&]() -> arrow::Status {
    const PcpCache& cache = *static_cast<const PcpCache*>(pcp_cache);
    UsdParquetWanted wanted;
    for (size_t i = 0; i < num_names; ++i) wanted.names.emplace_back(names[i]);
    wanted.can_fall_back.assign(can_fall_back, can_fall_back + num_names);
    wanted.is_default_time = is_default_time != 0;
    UsdParquetStagePrims prims;
    if (paths) {
      SdfPathVector chosen(num_paths);
      for (size_t i = 0; i < num_paths; ++i) {
        if (*paths[i]) chosen[i] = SdfPath(paths[i]);
      }
      ARROW_ASSIGN_OR_RAISE(prims, UsdParquetPrimsAt(cache, chosen));
    } else {
      ARROW_ASSIGN_OR_RAISE(prims,
                            UsdParquetFindPrims(cache, SdfPath(top), !wanted.is_default_time));
    }
    ARROW_ASSIGN_OR_RAISE(const auto batch, Resolve(cache, std::move(prims), wanted));
    return arrow::ExportRecordBatch(*batch, array, schema);
  });
  if (status.ok()) return nullptr;
  message = status.ToString();
  return message.c_str();
}

}  // extern "C"
