#include "selector/stand_in.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <vector>

#include "selector/usd_error.h"

// What the table of a class holds where a function is pure virtual.
extern "C" void __cxa_pure_virtual();

namespace usdparquet::selector {

namespace {

// A mangled name tells the types of the arguments: what takes others by now is not found.
#define STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
constexpr char kFormatTable[] = "_ZTVN{}13SdfFileFormatE";
constexpr char kFormatConstructor[] = "_ZN{}13SdfFileFormatC1ERKNS_7TfTokenES3_S3_RK" STRING;
constexpr char kFormatDestructor[] = "_ZN{}13SdfFileFormatD1Ev";
constexpr char kWriteToFile[] = "_ZNK{}13SdfFileFormat11WriteToFileERKNS_8SdfLayerERK" STRING
                                "SB_RKSt3mapIS9_S9_St4lessIS9_ESaISt4pairISA_S9_EEE";
// The text format tells where the table has Read and what that takes.
constexpr char kUsdaTable[] = "_ZTVN{}17SdfUsdaFileFormatE";
constexpr char kUsdaRead[] = "_ZNK{}17SdfUsdaFileFormat4ReadEPNS_8SdfLayerERK" STRING "b";
constexpr char kFactoryTable[] = "_ZTVN{}25Sdf_FileFormatFactoryBaseE";
constexpr char kFactoryType[] = "_ZTIN{}25Sdf_FileFormatFactoryBaseE";
constexpr char kTokenConstructor[] = "_ZN{}7TfTokenC1EPKc";
constexpr char kFindType[] = "_ZN{}6TfType10FindByNameERK" STRING;
constexpr char kSetFactory[] =
    "_ZNK{}6TfType10SetFactoryEOSt10unique_ptrINS0_11FactoryBaseESt14default_deleteIS2_EE";
#undef STRING

constexpr char kFormatType[] = "UsdParquetFileFormat";

using Token = void*;
using ConstructFormat = void (*)(void* format, const Token& id, const Token& version,
                                 const Token& target, const std::string& extension);
using ConstructToken = void (*)(Token* token, const char* text);
using FindType = const void* (*)(const std::string& name);
using SetFactory = void (*)(const void* type, void** factory);

// The table of a class begins with an offset and the class's type; objects point behind them.
constexpr size_t kTypeOfTable = 1;
constexpr size_t kFirstFunction = 2;

// A file format takes some 200 bytes.
constexpr size_t kFormatBytes = 4096;

/// What the stand-in is made of. It stays until the process ends, as OpenUSD's formats do.
struct StandIn {
  LoadedUsd usd;
  std::string sentence;
  ConstructFormat construct_format;
  ConstructToken construct_token;
  std::vector<void*> format_table;
};
const StandIn* g_stand_in = nullptr;

// What the stand-in does where SdfFileFormat does nothing.
bool CannotRead(const void* /*format*/, const std::string& /*path*/) { return false; }
bool Refuse(const void* /*format*/, const void* /*layer*/, const std::string& path) {
  RaiseUsdError(g_stand_in->usd, path + ": " + g_stand_in->sentence);
  return false;
}
void Stay(void* /*format*/) {}

/// As TfRefPtr, which is returned in memory because it has a destructor.
class FormatPointer {
 public:
  explicit FormatPointer(void* format) : format_(format) {}
  ~FormatPointer() {}

 private:
  void* format_;
};

void SetTable(void* object, void* const* table) {
  void* const* functions = table + kFirstFunction;
  std::memcpy(object, &functions, sizeof(functions));
}

/// As Sdf_FileFormatFactoryBase, whose type it is given.
class Factory {
 public:
  virtual ~Factory() = default;
  virtual FormatPointer New() const {
    const StandIn& stand_in = *g_stand_in;
    Token id, version, target;
    stand_in.construct_token(&id, "parquet");
    stand_in.construct_token(&version, "1.0");
    stand_in.construct_token(&target, "usd");
    void* format = ::operator new(kFormatBytes);
    std::memset(format, 0, kFormatBytes);
    stand_in.construct_format(format, id, version, target, "parquet");
    SetTable(format, stand_in.format_table.data());
    return FormatPointer(format);
  }
};

/// SdfFileFormat's table with its gaps filled in; empty if it is not as expected.
std::vector<void*> FormatTable(const LoadedUsd& usd) {
  void* const usda_read = usd.Find(kUsdaRead);
  void* const write_to_file = usd.Find(kWriteToFile);
  if (usda_read == nullptr || write_to_file == nullptr) return {};
  const auto known = usd.FindTable(kFormatTable);
  const auto usda = usd.FindTable(kUsdaTable);
  const auto gap = reinterpret_cast<void*>(&__cxa_pure_virtual);
  const auto read = std::find(usda.begin(), usda.end(), usda_read) - usda.begin();
  const auto write = std::find(known.begin(), known.end(), write_to_file);
  if (known.size() > usda.size() || read >= std::ssize(known) || known[read] != gap ||
      write == known.end() || std::count(known.begin(), known.end(), gap) != 2) {
    return {};
  }
  std::vector<void*> table(known.begin(), known.end());
  table[read] = reinterpret_cast<void*>(&Refuse);
  table[write - known.begin()] = reinterpret_cast<void*>(&Refuse);
  *std::find(table.begin(), table.end(), gap) = reinterpret_cast<void*>(&CannotRead);
  // The two destructors come first. An abstract class need not have them in its table.
  void*& destructor = table[kFirstFunction];
  if (destructor != nullptr && destructor != usd.Find(kFormatDestructor)) return {};
  std::fill_n(&destructor, 2, reinterpret_cast<void*>(&Stay));
  return table;
}

}  // namespace

bool HasDeclaredFormat(const LoadedUsd& usd) {
  const auto find_type = reinterpret_cast<FindType>(usd.Find(kFindType));
  if (find_type == nullptr) return true;
  // Both lead to a type; a name that nobody declared leads to the unknown one.
  void *declared, *unknown;
  std::memcpy(&declared, find_type(kFormatType), sizeof(declared));
  std::memcpy(&unknown, find_type("usdparquet: no type"), sizeof(unknown));
  return declared != unknown;
}

bool RegisterStandIn(const LoadedUsd& usd, const std::string& sentence) {
  const auto find_type = reinterpret_cast<FindType>(usd.Find(kFindType));
  const auto set_factory = reinterpret_cast<SetFactory>(usd.Find(kSetFactory));
  void* factory_type = usd.Find(kFactoryType);
  const auto known_factory = usd.FindTable(kFactoryTable);
  StandIn stand_in{usd, sentence, reinterpret_cast<ConstructFormat>(usd.Find(kFormatConstructor)),
                   reinterpret_cast<ConstructToken>(usd.Find(kTokenConstructor)), FormatTable(usd)};
  static std::array<void*, kFirstFunction + 3> factory_table;  // two destructors and New
  if (find_type == nullptr || set_factory == nullptr || factory_type == nullptr ||
      known_factory.size() != factory_table.size() ||
      known_factory.back() != reinterpret_cast<void*>(&__cxa_pure_virtual) ||
      stand_in.construct_format == nullptr || stand_in.construct_token == nullptr ||
      stand_in.format_table.empty()) {
    return false;
  }
  g_stand_in = new StandIn(std::move(stand_in));

  void* factory = new Factory;
  void* const* own_functions;
  std::memcpy(&own_functions, factory, sizeof(own_functions));
  std::copy_n(own_functions - kFirstFunction, factory_table.size(), factory_table.begin());
  factory_table[kTypeOfTable] = factory_type;
  SetTable(factory, factory_table.data());
  set_factory(find_type(kFormatType), &factory);
  return true;
}

}  // namespace usdparquet::selector
