#pragma once

/// \file
/// Export macro of the core library (`libusdparquet_core.so`).
///
/// The library is compiled with hidden visibility: only what carries
/// USDPARQUET_API is part of its interface to the plugin and the bindings.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#if defined(_WIN32)
#if defined(USDPARQUET_CORE_EXPORTS)
#define USDPARQUET_API __declspec(dllexport)
#else
#define USDPARQUET_API __declspec(dllimport)
#endif
#else
#define USDPARQUET_API __attribute__((visibility("default")))
#endif
