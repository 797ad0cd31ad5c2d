// A test tells what it does in numbered steps. Its first failure ends the program: code that has
// failed may hang, or break what comes after it. When graded, each test has a process of its own.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace inside {

using Details = std::vector<std::string>;

// Begins a step; the one before it is done.
void step(const std::string& text);

// Forgets the steps so far. A test that tries many interleavings tells only the one that fails.
void startOver();

// The last step fails. `outcome` stands behind it, the details below. Any thread.
[[noreturn]] void fail(const std::string& outcome, const Details& details = {});

// The last step holds what must be so.
inline void check(bool ok, const std::string& outcome, const Details& details = {}) {
  if (!ok) fail(outcome, details);
}

template <class Expected, class Actual>
void checkEqual(const Expected& expected, const Actual& actual, Details details = {}) {
  if (expected == actual) return;
  std::ostringstream wanted, got;
  wanted << "expected " << expected;
  got << "got " << actual;
  details.insert(details.begin(), {wanted.str(), got.str()});
  fail(got.str(), details);
}

// main.cpp: all steps of the test are done.
void passed();

}  // namespace inside
