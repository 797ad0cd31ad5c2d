#include "common/options.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <sstream>
#include <vector>

#include "common/error.hpp"
#include "common/log.hpp"

namespace {

using mux::Options;
using mux::OptionSet;

class OptionsTest : public testing::Test {
 protected:
  ~OptionsTest() override { mux::log::threshold = threshold_; }

  static std::optional<Options> parse(std::vector<std::string> words,
                                      OptionSet set = OptionSet::OneLoop) {
    words.insert(words.begin(), "lab");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return mux::parseOptions(static_cast<int>(words.size()), argv.data(), set);
  }

  static std::string complaint(const std::vector<std::string>& words,
                               OptionSet set = OptionSet::OneLoop) {
    try {
      parse(words, set);
    } catch (const mux::UsageError& error) {
      return error.what();
    }
    return "none";
  }

  static std::string help(OptionSet set, const std::string& word) {
    std::ostringstream text;
    std::streambuf* const before = std::cout.rdbuf(text.rdbuf());
    const std::optional<Options> options = parse({word}, set);
    std::cout.rdbuf(before);
    EXPECT_FALSE(options);
    return text.str();
  }

 private:
  const mux::log::Level threshold_ = mux::log::threshold;
};

TEST_F(OptionsTest, DefaultsAreThoseOfTheContract) {
  const Options options = *parse({});
  EXPECT_EQ(options.address.toString(), "127.0.0.1:8080");
  EXPECT_EQ(options.maxClients, std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(options.prefix, "");
  EXPECT_EQ(options.timeoutMs, -1);
  EXPECT_GT(options.readSize, 0u);
  EXPECT_GE(options.threads, 1u);
  EXPECT_EQ(options.wakeup, "eventfd");
  EXPECT_EQ(options.broadcastEveryMs, 0);
}

TEST_F(OptionsTest, EveryOptionIsHeard) {
  const Options options =
      *parse({"--host", "::1", "--port", "0", "--max-clients", "7", "--prefix", "echo# ",
              "--read-size", "4", "--timeout-ms", "250", "--log", "debug"});
  EXPECT_EQ(options.address.toString(), "[::1]:0");
  EXPECT_EQ(options.maxClients, 7u);
  EXPECT_EQ(options.prefix, "echo# ");
  EXPECT_EQ(options.readSize, 4u);
  EXPECT_EQ(options.timeoutMs, 250);
  EXPECT_EQ(mux::log::threshold, mux::log::Level::Debug);
}

TEST_F(OptionsTest, EveryOptionOfLab05IsHeard) {
  const Options options = *parse({"--threads", "3", "--wakeup", "pipe", "--broadcast-every", "500"},
                                 OptionSet::ManyLoops);
  EXPECT_EQ(options.threads, 3u);
  EXPECT_EQ(options.wakeup, "pipe");
  EXPECT_EQ(options.broadcastEveryMs, 500);
}

TEST_F(OptionsTest, ThePortSurvivesAHostThatComesLater) {
  EXPECT_EQ(parse({"--port", "99", "--host", "::1"})->address.toString(), "[::1]:99");
  EXPECT_EQ(parse({"--host", "::1", "--port", "99"})->address.toString(), "[::1]:99");
}

TEST_F(OptionsTest, TheEqualsSignWorksToo) {
  EXPECT_EQ(parse({"--port=65535", "--prefix="})->address.port(), 65535);
}

TEST_F(OptionsTest, ANumberIsANumberAndNothingElse) {
  EXPECT_EQ(complaint({"--port", "abc"}), "--port: 'abc' is not a number from 0 to 65535");
  for (const char* nonsense : {"", " 80", "80 ", "80x", "+80", "-1", "0x50", "8e3", "65536",
                               "70000", "99999999999999999999"}) {
    EXPECT_EQ(complaint({"--port", nonsense}),
              "--port: '" + std::string(nonsense) + "' is not a number from 0 to 65535");
  }
}

TEST_F(OptionsTest, EachNumberHasItsBounds) {
  EXPECT_NE(complaint({"--max-clients", "-1"}), "none");
  EXPECT_NE(complaint({"--read-size", "0"}), "none");   // recv(…, 0) would look like the end
  EXPECT_NE(complaint({"--timeout-ms", "0"}), "none");  // would spin
  EXPECT_NE(complaint({"--timeout-ms", "2147483648"}), "none");
  EXPECT_NE(complaint({"--threads", "0"}, OptionSet::ManyLoops), "none");
  EXPECT_NE(complaint({"--broadcast-every", "0"}, OptionSet::ManyLoops), "none");
}

TEST_F(OptionsTest, AComplaintNamesTheOptionAndTheValue) {
  EXPECT_EQ(complaint({"--host", "localhost"}),
            "--host: 'localhost' is not an IPv4 or IPv6 address such as 127.0.0.1 or ::1");
  EXPECT_EQ(complaint({"--log", "loud"}), "--log: 'loud' is not one of debug, info, warn, error");
}

TEST_F(OptionsTest, AnUnknownOptionIsNamed) {
  EXPECT_EQ(complaint({"--porxt", "80"}), "unknown option --porxt");
  EXPECT_EQ(complaint({"--port", "80", "-x"}), "unknown option -x");
  EXPECT_EQ(complaint({"--port", "80", "-xy"}), "unknown option -x");
}

TEST_F(OptionsTest, AnOptionWithoutItsValueIsNamed) {
  EXPECT_EQ(complaint({"--prefix", "a", "--port"}), "--port needs a value");
}

TEST_F(OptionsTest, APositionalArgumentIsRefused) {
  EXPECT_EQ(complaint({"8080"}), "unexpected argument 8080");
}

TEST_F(OptionsTest, LabsUnderstandNothingThatTheyDoNotHave) {
  EXPECT_EQ(complaint({"--threads", "2"}, OptionSet::OneLoop), "unknown option --threads");
  EXPECT_EQ(complaint({"--wakeup", "pipe"}, OptionSet::OneLoop), "unknown option --wakeup");
  EXPECT_EQ(complaint({"--timeout-ms", "1"}, OptionSet::ManyLoops), "unknown option --timeout-ms");
}

TEST_F(OptionsTest, HelpListsWhatThisLabUnderstands) {
  for (const char* word : {"--help", "-h"}) {
    const std::string oneLoop = help(OptionSet::OneLoop, word);
    const std::string manyLoops = help(OptionSet::ManyLoops, word);
    for (const char* option : {"--host", "--port", "--max-clients", "--prefix", "--log"}) {
      EXPECT_NE(oneLoop.find(option), std::string::npos) << option;
      EXPECT_NE(manyLoops.find(option), std::string::npos) << option;
    }
    EXPECT_NE(oneLoop.find("--timeout-ms"), std::string::npos);
    EXPECT_EQ(oneLoop.find("--threads"), std::string::npos);
    EXPECT_NE(manyLoops.find("--threads"), std::string::npos);
    EXPECT_EQ(manyLoops.find("--timeout-ms"), std::string::npos);
  }
}

}  // namespace
