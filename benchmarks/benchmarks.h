#pragma once

/// \file
/// Registers the benchmarks of a format. Their names are `<figure>/<detail>/<format>`, which
/// ratios.py reads.

#include "formats.h"
#include "reading.h"

namespace usdparquet_bench {

// All REQUIRE that `folder` and `readings` live until the benchmarks have run, and that
// the folder has the files of the format.

/// Opening, with a new layer in every iteration.
void RegisterOpen(const Format& format, const DataFolder& folder, const Readings& readings);

/// Opening a file of 1,000 columns and 1,000 row groups, and the part of it that Arrow takes.
/// REQUIRES: the folder has that file.
void RegisterWide(const Format& format, const DataFolder& folder);

/// Opening a table of 500 columns of which a prim has 20, and its property lists: those of all
/// prims the first time and again. REQUIRES: the folder has that file.
void RegisterSparse(const Format& format, const DataFolder& folder);

/// Specs, children, property lists, absent fields.
void RegisterSpecs(const Format& format, const DataFolder& folder, const Readings& readings);

/// Values: first touch, in order, at random, with one and two threads.
void RegisterValues(const Format& format, const DataFolder& folder, const Readings& readings);

/// All properties of the table prim by prim: the first pass over a layer, the second and the third.
void RegisterTraversals(const Format& format, const DataFolder& folder, const Readings& readings);

/// Memory of a layer after it was read and after it was played, in processes of their own.
void RegisterMemory(const Format& format, const DataFolder& folder);

/// Time samples of all prims, frame after frame. REQUIRES: the format is not the floor.
void RegisterPlayback(const Format& format, const DataFolder& folder);

/// The name that ratios.py reads.
inline std::string BenchmarkName(const char* figure, const char* detail, const Format& format) {
  return std::string(figure) + "/" + detail + "/" + format.name;
}

}  // namespace usdparquet_bench
