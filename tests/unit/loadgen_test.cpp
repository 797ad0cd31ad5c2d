#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bench/loadgen/histogram.hpp"
#include "bench/loadgen/payload.hpp"

namespace {

using loadgen::Histogram;
using loadgen::Payload;

std::uint64_t exactPercentile(std::vector<std::uint64_t> values, double percent) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * double(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.least(), 0u);
  EXPECT_EQ(histogram.percentile(50), 0u);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(Histogram, KnowsSmallValuesExactly) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(50), 500u);
  EXPECT_EQ(histogram.percentile(99), 990u);
  EXPECT_EQ(histogram.percentile(100), 1000u);
  EXPECT_EQ(histogram.least(), 1u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

TEST(Histogram, IsNeverBelowAndNeverMoreThanAThousandthAboveTheTruth) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = random() >> random() % 60;  // of every magnitude
    values.push_back(value);
    histogram.add(value);
  }
  for (const double percent : {0.1, 1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const std::uint64_t truth = exactPercentile(values, percent),
                        told = histogram.percentile(percent);
    EXPECT_GE(told, truth) << percent;
    EXPECT_LE(told - truth, truth / 1024) << percent;
  }
}

TEST(Histogram, TakesTheLargestValueThereIs) {
  Histogram histogram;
  for (int power = 0; power < 64; ++power) {
    for (const std::uint64_t offset : {-1, 0, 1})
      histogram.add((std::uint64_t{1} << power) + offset);
  }
  histogram.add(~std::uint64_t{0});
  EXPECT_EQ(histogram.percentile(100), ~std::uint64_t{0});
  EXPECT_EQ(histogram.least(), 0u);
}

TEST(Payload, IsTheSameHoweverItIsCut) {
  const Payload payload;
  const std::string_view whole = payload.part(3, 70'000, 1000);
  EXPECT_EQ(whole.substr(123), payload.part(3, 70'123, 877));
}

TEST(Payload, FindsTheFirstByteThatDiffers) {
  const Payload payload;
  std::string got(payload.part(5, 65'000, 2000));
  EXPECT_EQ(payload.mismatch(5, 65'000, got), std::nullopt);
  got[1500] ^= 1;
  got[1700] ^= 1;
  EXPECT_EQ(payload.mismatch(5, 65'000, got), 1500u);
}

TEST(Payload, TellsClientsAndPlacesApart) {
  const Payload payload;
  EXPECT_NE(payload.part(1, 0, 64), payload.part(2, 0, 64));
  for (const std::uint64_t shift : {1, 64, 1024, 16'384, 65'536}) {
    EXPECT_NE(payload.part(1, 0, 64), payload.part(1, shift, 64)) << shift;
  }
}

}  // namespace
