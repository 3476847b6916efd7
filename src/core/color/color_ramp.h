#pragma once

/// \file
/// Colour ramps: from a place between 0 and 1, or from a number of a category, to a colour.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// A colour as screens and images have it, in sRGB: 0xRRGGBB.
using SrgbColor = uint32_t;

/// Red, green and blue of `color` in linear light with the primaries of Rec. 709, which sRGB has
/// too: 0 to 1, as USD takes the colours of a displayColor.
USDPARQUET_API std::array<float, 3> LinearColorOf(SrgbColor color);

/// A named list of colours. Immutable.
struct ColorRamp {
  std::string_view name;
  /// Whether the colours are to be told apart, one for each text. Else they are an even scale.
  bool is_categorical = false;
  std::vector<SrgbColor> colors;
};

/// All ramps; the first one is for numbers, and the last one, which is the only categorical one,
/// for texts, where none is asked for. Made when first asked for; thread-safe.
USDPARQUET_API const std::vector<ColorRamp>& ColorRamps();

/// The ramp of that name, or null.
USDPARQUET_API const ColorRamp* FindColorRamp(std::string_view name);

}  // namespace usdparquet
