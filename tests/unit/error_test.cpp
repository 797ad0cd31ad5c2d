#include "common/error.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Check, PassesOnWhatTheCallReturned) {
  EXPECT_EQ(mux::check(0, "call"), 0);
  EXPECT_EQ(mux::check(7, "call"), 7);
}

TEST(Check, AFailureNamesTheCallAndTheReason) {
  errno = EADDRINUSE;
  try {
    mux::check(-1, "bind");
    FAIL() << "-1 did not throw";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EADDRINUSE);
    EXPECT_STREQ(error.what(), "bind: Address already in use");
  }
}

}  // namespace
