#include "fuzz/recipe.h"

#include <algorithm>
#include <random>

#include "fuzz/file_editor.h"
#include "fuzz/raw_values.h"

namespace usdparquet_fuzz {
namespace {

/// The flags that are no actions.
constexpr uint8_t kManners = Recipe::kKeepsChecksums | Recipe::kIsMapped | Recipe::kAsksNulls;

constexpr size_t kHead = 2, kEditSize = 17, kMaxEdits = 24;

/// A raw edit of the file's bytes. The version in the footer's seal is left alone: a reader takes
/// the seal of a later version for none, which a second edit might make use of.
void EditRaw(const Edit& edit, std::string* file) {
  const std::string bytes = PayloadOf(edit);
  if (file->empty()) return;
  const size_t at = (size_t{edit.which} << 16 | edit.where) % file->size();
  if (edit.change % 64 == 7) return file->resize(at);
  for (size_t i = 0; i < bytes.size() && at + i < file->size(); ++i) {
    if (edit.change % 2 == 0) {
      (*file)[at + i] = bytes[i];
    } else {
      (*file)[at + i] = static_cast<char>((*file)[at + i] ^ bytes[i]);
    }
  }
}

/// The bytes of a recipe, without the last edits if they are too many.
std::string Shortened(Recipe recipe, size_t max_size) {
  std::string bytes = recipe.Bytes();
  while (bytes.size() > max_size && !recipe.edits.empty()) {
    recipe.edits.pop_back();
    bytes = recipe.Bytes();
  }
  return bytes.substr(0, max_size);
}

}  // namespace

std::optional<Recipe> Recipe::Parse(std::string_view bytes) {
  if (bytes.size() < kHead) return std::nullopt;
  Recipe recipe;
  recipe.seed = static_cast<uint8_t>(bytes[0]);
  recipe.flags = static_cast<uint8_t>(bytes[1]);
  bytes.remove_prefix(kHead);
  while (bytes.size() >= kEditSize && recipe.edits.size() < kMaxEdits) {
    Edit edit;
    edit.kind = static_cast<EditKind>(Get<uint8_t>(bytes, 0) % kNumEditKinds);
    edit.change = Get<uint8_t>(bytes, 1);
    edit.where = Get<uint16_t>(bytes, 2);
    edit.which = Get<uint32_t>(bytes, 4);
    edit.value = Get<uint64_t>(bytes, 8);
    const auto length = Get<uint8_t>(bytes, 16);
    bytes.remove_prefix(kEditSize);
    edit.payload = bytes.substr(0, length);
    bytes.remove_prefix(edit.payload.size());
    recipe.edits.push_back(std::move(edit));
  }
  return recipe;
}

std::string Recipe::Bytes() const {
  std::string bytes;
  Append(&bytes, seed);
  Append(&bytes, flags);
  for (const Edit& edit : edits) {
    const auto length = static_cast<uint8_t>(std::min<size_t>(edit.payload.size(), 255));
    Append(&bytes, static_cast<uint8_t>(edit.kind));
    Append(&bytes, edit.change);
    Append(&bytes, edit.where);
    Append(&bytes, edit.which);
    Append(&bytes, edit.value);
    Append(&bytes, length);
    bytes += edit.payload.substr(0, length);
  }
  return bytes;
}

std::string Cook(const Recipe& recipe, std::string_view seed) {
  std::string bytes(seed);
  if (recipe.flags & Recipe::kKeepsChecksums) {
    if (!recipe.edits.empty()) EditRaw(recipe.edits[0], &bytes);
    return bytes;
  }
  FileEditor editor(seed);
  // From the inside out, so that what an edit says of the parts within stays as it says.
  for (const Edit& edit : recipe.edits) editor.EditPages(edit);
  editor.FinishPages();
  for (const Edit& edit : recipe.edits) editor.EditSections(edit);
  for (const Edit& edit : recipe.edits) editor.EditFooter(edit);
  bytes = editor.Bytes();
  for (const Edit& edit : recipe.edits) {
    if (edit.kind == EditKind::kRaw) EditRaw(edit, &bytes);
  }
  return bytes;
}

std::string MutateRecipe(std::string_view bytes, size_t max_size, uint32_t random_seed,
                         size_t num_seeds) {
  std::minstd_rand random(random_seed);
  const auto below = [&](size_t count) { return static_cast<size_t>(random() >> 4) % count; };
  Recipe recipe = Recipe::Parse(bytes).value_or(Recipe{});
  const auto make = [&] {
    Edit edit;
    edit.kind = static_cast<EditKind>(below(kNumEditKinds));
    edit.change = static_cast<uint8_t>(below(256));
    edit.where = static_cast<uint16_t>(below(2) ? below(16) : below(65536));
    edit.which = static_cast<uint32_t>(below(4) ? below(256) : below(1 << 24));
    edit.value = below(3) ? below(256) : uint64_t{random()} << below(40);
    for (size_t i = below(3) ? 0 : below(24); i > 0; --i) {
      edit.payload.push_back(static_cast<char>(below(256)));
    }
    return edit;
  };
  auto& edits = recipe.edits;
  switch (below(10)) {
    case 0:
      recipe.seed = static_cast<uint8_t>(below(num_seeds));
      break;
    case 1:
      // Mostly one action alone, which is quicker.
      recipe.flags =
          static_cast<uint8_t>(below(4) ? (random() >> 8 & kManners) | 1u << below(8) : below(256));
      break;
    case 2:
    case 3:
      edits.insert(edits.begin() + static_cast<ptrdiff_t>(below(edits.size() + 1)), make());
      break;
    case 4:
      if (!edits.empty()) edits.erase(edits.begin() + static_cast<ptrdiff_t>(below(edits.size())));
      break;
    default: {
      if (edits.empty()) {
        edits.push_back(make());
        break;
      }
      Edit& edit = edits[below(edits.size())];
      const Edit other = make();
      switch (below(8)) {
        case 0:
          edit.kind = other.kind;
          break;
        case 1:
          edit.change = other.change;
          break;
        case 2:
          edit.where = other.where;
          break;
        case 3:
          edit.which = other.which;
          break;
        case 4:
          edit.value = other.value;
          break;
        case 5:
          edit.value += below(2) ? 1 : ~uint64_t{0};
          break;
        case 6:
          edit.payload = other.payload;
          break;
        default:
          if (edit.payload.empty()) edit.payload.push_back('\0');
          edit.payload[below(edit.payload.size())] = static_cast<char>(below(256));
      }
    }
  }
  return Shortened(std::move(recipe), max_size);
}

std::string MixRecipes(std::string_view first, std::string_view second, size_t max_size,
                       uint32_t random_seed) {
  std::minstd_rand random(random_seed);
  Recipe recipe = Recipe::Parse(first).value_or(Recipe{});
  const Recipe other = Recipe::Parse(second).value_or(Recipe{});
  recipe.edits.resize(random() % (recipe.edits.size() + 1));
  const size_t begin = random() % (other.edits.size() + 1);
  recipe.edits.insert(recipe.edits.end(), other.edits.begin() + static_cast<ptrdiff_t>(begin),
                      other.edits.end());
  return Shortened(std::move(recipe), max_size);
}

}  // namespace usdparquet_fuzz
