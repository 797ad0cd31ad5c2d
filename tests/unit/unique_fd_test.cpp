#include "common/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

#include "common/error.hpp"

namespace {

using mux::UniqueFd;

int openSomething() {
  return mux::check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
}

bool isOpen(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, EmptyOwnsNothing) {
  const UniqueFd empty;
  EXPECT_EQ(empty.get(), -1);
  EXPECT_FALSE(empty);
}

TEST(UniqueFd, DescriptorZeroIsADescriptor) {
  const UniqueFd keepStdin(::fcntl(0, F_DUPFD_CLOEXEC, 3));
  {
    const UniqueFd zero(0);
    EXPECT_TRUE(zero);
  }
  EXPECT_FALSE(isOpen(0));
  if (keepStdin) ::dup2(keepStdin.get(), 0);
}

TEST(UniqueFd, ClosesWhatItOwns) {
  const int fd = openSomething();
  { const UniqueFd owner(fd); }
  EXPECT_FALSE(isOpen(fd));
}

TEST(UniqueFd, AMoveLeavesTheSourceEmpty) {
  UniqueFd source(openSomething());
  const int fd = source.get();
  const UniqueFd target(std::move(source));
  EXPECT_EQ(target.get(), fd);
  EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(isOpen(fd));
}

TEST(UniqueFd, AssignmentClosesTheOldAndTakesTheNew) {
  UniqueFd target(openSomething());
  UniqueFd source(openSomething());
  const int old = target.get();
  const int taken = source.get();
  target = std::move(source);
  EXPECT_FALSE(isOpen(old));
  EXPECT_EQ(target.get(), taken);
  EXPECT_TRUE(isOpen(taken));
}

TEST(UniqueFd, SurvivesAMoveToItself) {
  UniqueFd owner(openSomething());
  UniqueFd& alias = owner;
  owner = std::move(alias);
  EXPECT_TRUE(owner);
  EXPECT_TRUE(isOpen(owner.get()));
}

TEST(UniqueFd, ResetClosesOnce) {
  UniqueFd owner(openSomething());
  const int fd = owner.get();
  owner.reset();
  EXPECT_FALSE(isOpen(fd));
  const UniqueFd next(openSomething());  // gets the number that has just become free
  ASSERT_EQ(next.get(), fd);
  owner.reset();
  EXPECT_TRUE(isOpen(fd));
}

}  // namespace
