#include "selector/usd_error.h"

#include <cstddef>

namespace usdparquet::selector {

namespace {

// As in OpenUSD's callContext.h and diagnosticLite.h, the same in all its versions.
struct CallContext {
  const char* file;
  const char* function;
  size_t line;
  const char* pretty_function;
  bool is_hidden;
};
constexpr int kRuntimeErrorType = 3;

constexpr char kPostError[] =
    "_ZN{}18Tf_PostErrorHelperERKNS_13TfCallContextENS_16TfDiagnosticTypeEPKcz";
using PostError = void (*)(const CallContext&, int, const char*, ...);

}  // namespace

void RaiseUsdError(const LoadedUsd& usd, const std::string& sentence) {
  const auto post_error = reinterpret_cast<PostError>(usd.Find(kPostError));
  if (post_error == nullptr) return;
  const CallContext context{__FILE_NAME__, "usdparquet", __LINE__, "usdparquet", false};
  post_error(context, kRuntimeErrorType, "%s", sentence.c_str());
}

}  // namespace usdparquet::selector
