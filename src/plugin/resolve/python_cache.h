#pragma once

/// \file
/// The PcpCache of a stage, out of the Python object that `stage._GetPcpCache()` is.

#include <pxr/pxr.h>

PXR_NAMESPACE_OPEN_SCOPE

class PcpCache;

/// The cache that a Python object of OpenUSD's class `Pcp.Cache` stands for; null if it is no such
/// object, or if OpenUSD's wrapping is not the one that is known here. Uses what OpenUSD itself
/// takes its arguments out of Python objects with, and nothing of Python: any version will do.
/// REQUIRES: the GIL is held.
PcpCache* UsdParquetCacheOf(void* python_object);

PXR_NAMESPACE_CLOSE_SCOPE
