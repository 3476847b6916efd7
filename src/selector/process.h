#pragma once

/// \file
/// What is loaded in this process, and the loading of more. All calls of the selector that only
/// Linux has are here. Nothing throws but what std::string throws, for want of memory.

#include <span>
#include <string>
#include <vector>

namespace usdparquet::selector {

/// An OpenUSD in this process.
struct LoadedUsd {
  /// Its namespace, as it stands in mangled names: "34pxrInternal_v0_26_8__pxrReserved__".
  std::string scope;
  /// "26.8" of pxrInternal_v0_26_8, "25.8-pxrBlender" of pxrBlender_v25_08: an application that
  /// renames its OpenUSD has another one. Empty if the namespace does not tell.
  std::string version;
  /// The library that holds its file formats: libusd_ms, or libusd_sdf.
  std::string path;

  /// The address of a symbol of this OpenUSD, or null. Each "{}" in `name` stands for the scope.
  void* Find(std::string name) const;
  /// The words of a table, such as the virtual functions of a class; none if it has no such one.
  std::span<void* const> FindTable(const std::string& name) const;
};

/// The OpenUSDs of this process, one for each namespace, in the order in which they were loaded.
/// There is one in most; a second one is of an application that renamed its own, or of another
/// version. (Copies of the same OpenUSD would not be told apart by the loader either.)
std::vector<LoadedUsd> FindLoadedUsds();

/// The path of the first loaded library whose file name begins with `prefix`; else empty.
std::string FindLoadedLibrary(const std::string& prefix);

/// Lets libraries that are opened from now on use the symbols of the loaded library `path`, and
/// of those it needs, without naming them.
void ShareSymbols(const std::string& path);

/// Opens a library for good. Returns the loader's error, or an empty string.
std::string OpenLibrary(const std::string& path);

/// The folder of this library.
std::string OwnFolder();

/// `path` without links and dots, to be read by people.
std::string RealPath(const std::string& path);

/// The names in a folder, without those that begin with a dot, 26.8 before 26.11; none if there is
/// no such folder.
std::vector<std::string> NamesIn(const std::string& folder);

}  // namespace usdparquet::selector
