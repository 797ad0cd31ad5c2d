#include "common/output_buffer.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/unit/support.hpp"

namespace {

using mux::OutputBuffer;

// The standard string keeps short texts inside itself: what points outside is memory it has taken.
bool ownsMemory(const OutputBuffer& buffer) {
  const char* const data = buffer.pending().data();
  const char* const begin = reinterpret_cast<const char*>(&buffer);
  return std::less<>()(data, begin) || !std::less<>()(data, begin + sizeof buffer);
}

TEST(OutputBuffer, StartsEmpty) {
  const OutputBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.pending(), "");
}

TEST(OutputBuffer, GivesBackInTheOrderItWasGiven) {
  OutputBuffer buffer;
  buffer.append("abc");
  buffer.append("def");
  EXPECT_EQ(buffer.pending(), "abcdef");
  buffer.consume(2);
  EXPECT_EQ(buffer.pending(), "cdef");
  EXPECT_EQ(buffer.size(), 4u);
  buffer.append("gh");
  buffer.consume(4);
  EXPECT_EQ(buffer.pending(), "gh");
}

TEST(OutputBuffer, TakesEveryByteValue) {
  const std::string bytes("a\0b\r\n\xff", 6);
  OutputBuffer buffer;
  buffer.append(bytes);
  EXPECT_EQ(buffer.pending(), bytes);
}

TEST(OutputBuffer, OwnsNoMemoryWhileEmpty) {
  OutputBuffer buffer;
  EXPECT_FALSE(ownsMemory(buffer));
  buffer.append(std::string(100'000, 'x'));
  EXPECT_TRUE(ownsMemory(buffer));
  buffer.consume(60'000);
  buffer.consume(40'000);
  EXPECT_TRUE(buffer.empty());
  EXPECT_FALSE(ownsMemory(buffer));
}

TEST(OutputBuffer, DoesNotKeepWhatWasSentInFrontOfTheRest) {
  OutputBuffer buffer;
  buffer.append(std::string(100'000, 'x'));
  const char* const front = buffer.pending().data();
  buffer.consume(99'999);
  EXPECT_EQ(buffer.pending().data(), front);  // not behind 99,999 dead bytes
  EXPECT_EQ(buffer.pending(), "x");
}

TEST(OutputBuffer, AgreesWithAPlainStringWhateverTheSteps) {
  std::mt19937 random(1);
  for (int run = 0; run < 100; ++run) {
    OutputBuffer buffer;
    std::string model;
    for (int step = 0; step < 100; ++step) {
      if (random() % 2 == 0) {
        const std::string more = unit::randomBytes(random() % 1000, random());
        buffer.append(more);
        model += more;
      } else {
        const std::size_t count = random() % (model.size() + 1);
        buffer.consume(count);
        model.erase(0, count);
      }
      ASSERT_EQ(buffer.pending(), model);
      ASSERT_EQ(buffer.size(), model.size());
      ASSERT_EQ(buffer.empty(), model.empty());
    }
  }
}

}  // namespace
