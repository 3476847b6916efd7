#include "core/util/crc32.h"

#include <arrow/util/crc32.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace usdparquet {

#if defined(__x86_64__)

// The scheme is that of V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction" (Intel, 2009): a block of 128 bits that is followed by n more bits counts
// as its product with x^n, and this is taken modulo the polynomial. The bits of a byte are
// reflected, as the checksum has them: bit 0 is the highest power.
namespace {

constexpr uint32_t kPolynomial = 0x04c11db7;  // without x^32

/// `value` with its lower `bits` bits in the other order.
constexpr uint64_t Reflected(uint64_t value, int bits) {
  uint64_t result = 0;
  for (int i = 0; i < bits; ++i) result |= (value >> i & 1) << (bits - 1 - i);
  return result;
}

/// x^n modulo the polynomial, reflected, as a factor of reflected numbers of 64 bits.
constexpr int64_t Power(int n) {
  uint32_t power = 1;
  for (int i = 0; i < n; ++i) power = (power << 1) ^ (power >> 31 ? kPolynomial : 0);
  return static_cast<int64_t>(Reflected(power, 32) << 1);
}

/// The quotient of x^64 and the polynomial, reflected.
constexpr int64_t Quotient() {
  uint64_t quotient = 0;
  uint64_t rest = uint64_t{1} << 32;  // of the upper half of x^64
  for (int i = 32; i >= 0; --i) {
    if (rest >> 32 & 1) {
      quotient |= uint64_t{1} << i;
      rest ^= (uint64_t{1} << 32) | kPolynomial;
    }
    rest <<= 1;
  }
  return static_cast<int64_t>(Reflected(quotient, 33));
}

constexpr int64_t kReflected =
    static_cast<int64_t>(Reflected((uint64_t{1} << 32) | kPolynomial, 33));

static_assert(Power(4 * 128 + 32) == 0x154442bd4 && Quotient() == 0x1f7011641 &&
              kReflected == 0x1db710641);

#define USDPARQUET_FOLDING [[gnu::target("pclmul,sse4.1")]]

USDPARQUET_FOLDING inline __m128i Load(const uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

/// `block` as far ahead of `next` as the powers say, and `next`.
USDPARQUET_FOLDING inline __m128i Fold(__m128i block, __m128i powers, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(block, powers, 0x00);
  const __m128i high = _mm_clmulepi64_si128(block, powers, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// Four blocks of 128 bits, one behind the other. They are folded at a time: a multiplication takes
/// several cycles, but others need not wait for it.
struct Blocks {
  __m128i a, b, c, d;
};

/// The first four of blocks, with the checksum's first value.
USDPARQUET_FOLDING inline Blocks FirstBlocks(const uint8_t* bytes) {
  return {_mm_xor_si128(Load(bytes), _mm_cvtsi32_si128(-1)), Load(bytes + 16), Load(bytes + 32),
          Load(bytes + 48)};
}

/// The checksum, not yet inverted, of what was folded to `blocks` and of the bytes that follow.
/// REQUIRES: these are a multiple of 16.
USDPARQUET_FOLDING uint32_t FinishFolding(Blocks blocks, const uint8_t* bytes, const uint8_t* end) {
  auto [a, b, c, d] = blocks;
  const __m128i by_four = _mm_set_epi64x(Power(4 * 128 - 32), Power(4 * 128 + 32));
  for (; end - bytes >= 64; bytes += 64) {
    a = Fold(a, by_four, Load(bytes));
    b = Fold(b, by_four, Load(bytes + 16));
    c = Fold(c, by_four, Load(bytes + 32));
    d = Fold(d, by_four, Load(bytes + 48));
  }
  const __m128i by_one = _mm_set_epi64x(Power(128 - 32), Power(128 + 32));
  a = Fold(Fold(Fold(a, by_one, b), by_one, c), by_one, d);
  for (; bytes != end; bytes += 16) a = Fold(a, by_one, Load(bytes));
  // From 128 bits to 64, and by Barrett's reduction to 32.
  const __m128i lower = _mm_set_epi32(0, -1, 0, -1);
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_one, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, lower),
                                                               _mm_cvtsi64_si128(Power(64)), 0x00));
  const __m128i divisors = _mm_set_epi64x(Quotient(), kReflected);
  const __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(a, lower), divisors, 0x10);
  const __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, lower), divisors, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(a, product), 1));
}

/// The checksum, not yet inverted, of `size` bytes. REQUIRES: size >= 64, a multiple of 16.
USDPARQUET_FOLDING uint32_t FoldedCrc(const uint8_t* bytes, size_t size) {
  return FinishFolding(FirstBlocks(bytes), bytes + 64, bytes + size);
}

bool CanFold() {
  static const bool can = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return can;
}

// The same with four blocks a register, sixteen at a time.
#define USDPARQUET_WIDE_FOLDING [[gnu::target("avx512f,vpclmulqdq,pclmul,sse4.1")]]

/// As the other Fold, in each of four lanes.
USDPARQUET_WIDE_FOLDING inline __m512i FoldWide(__m512i blocks, __m512i powers, __m512i next) {
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(blocks, powers, 0x00),
                                   _mm512_clmulepi64_epi128(blocks, powers, 0x11), next,
                                   kXorOfThree);
}

/// As FoldedCrc. REQUIRES: size >= kSmallestWide, a multiple of 16.
constexpr size_t kSmallestWide = 512;
USDPARQUET_WIDE_FOLDING uint32_t WideFoldedCrc(const uint8_t* bytes, size_t size) {
  const uint8_t* const end = bytes + size;
  __m512i a =
      _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128(-1)));
  __m512i b = _mm512_loadu_si512(bytes + 64), c = _mm512_loadu_si512(bytes + 128),
          d = _mm512_loadu_si512(bytes + 192);
  const __m512i by_sixteen =
      _mm512_broadcast_i32x4(_mm_set_epi64x(Power(16 * 128 - 32), Power(16 * 128 + 32)));
  for (bytes += 256; end - bytes >= 256; bytes += 256) {
    a = FoldWide(a, by_sixteen, _mm512_loadu_si512(bytes));
    b = FoldWide(b, by_sixteen, _mm512_loadu_si512(bytes + 64));
    c = FoldWide(c, by_sixteen, _mm512_loadu_si512(bytes + 128));
    d = FoldWide(d, by_sixteen, _mm512_loadu_si512(bytes + 192));
  }
  const __m512i by_four =
      _mm512_broadcast_i32x4(_mm_set_epi64x(Power(4 * 128 - 32), Power(4 * 128 + 32)));
  a = FoldWide(FoldWide(FoldWide(a, by_four, b), by_four, c), by_four, d);
  return FinishFolding({_mm512_castsi512_si128(a), _mm512_extracti32x4_epi32(a, 1),
                        _mm512_extracti32x4_epi32(a, 2), _mm512_extracti32x4_epi32(a, 3)},
                       bytes, end);
}

bool CanFoldWide() {
  static const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
  return can;
}

#undef USDPARQUET_FOLDING
#undef USDPARQUET_WIDE_FOLDING

}  // namespace

#endif

uint32_t Crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = 0;
#if defined(__x86_64__)
  if (bytes.size() >= 64 && CanFold()) {
    const size_t folded = bytes.size() / 16 * 16;
    crc = ~(folded >= kSmallestWide && CanFoldWide() ? WideFoldedCrc(bytes.data(), folded)
                                                     : FoldedCrc(bytes.data(), folded));
    bytes = bytes.subspan(folded);
    if (bytes.empty()) return crc;
  }
#endif
  return arrow::internal::crc32(crc, bytes.data(), bytes.size());
}

}  // namespace usdparquet
