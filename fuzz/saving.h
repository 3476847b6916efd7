#pragma once

/// \file
/// Writing a file anew, with a changed cell, and recovered; what comes of it has to be right.

#include <string>
#include <string_view>

#include "fuzz/reading.h"

namespace usdparquet_fuzz {

/// Saves a cell of the file, if it has a column of doubles, and reads it and all others back.
/// `before` is what the file says.
void CheckPatch(std::string_view bytes, const Answers& before);

/// Writes the file anew as `usdparquet optimize` does, and compares.
void CheckRewrite(std::string_view bytes);

/// Recovers the file. `sound` is what it said before it was damaged: what is recovered is that, or
/// null; null if nobody knows.
void CheckRecovery(std::string_view bytes, const Answers* sound);

/// Fails if a prim that both have has another value, unless it has none now, which `allows_loss`
/// allows. By names and paths, so that rows may have other places.
void CheckSameCells(const Answers& before, const Answers& now, bool allows_loss, const char* what);

}  // namespace usdparquet_fuzz
