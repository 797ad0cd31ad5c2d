// labMain(), with a server that does what each test tells it to.
#include "common/lab_main.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "common/log.hpp"

namespace {

struct Script {
  std::function<void(const mux::Options&)> construct = [](const mux::Options&) {};
  std::function<void()> run = [] {};
  std::function<void()> destroy = [] {};
  int stops = 0;
};
Script script;

class ScriptedServer {
 public:
  explicit ScriptedServer(const mux::Options& options) { script.construct(options); }
  ~ScriptedServer() { script.destroy(); }
  mux::InetAddress address() const { return {"127.0.0.1", 43121}; }
  void run() { script.run(); }
  void stop() { ++script.stops; }
};

class LabMain : public testing::Test {
 protected:
  LabMain() {
    script = {};
    ::getrlimit(RLIMIT_NOFILE, &files_);
    ::sigaction(SIGINT, nullptr, &interrupt_);
    ::sigaction(SIGTERM, nullptr, &terminate_);
    outBefore_ = std::cout.rdbuf(out_.rdbuf());
    errBefore_ = std::cerr.rdbuf(err_.rdbuf());
  }

  ~LabMain() override {
    std::cout.rdbuf(outBefore_);
    std::cerr.rdbuf(errBefore_);
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
    ::setrlimit(RLIMIT_NOFILE, &files_);
    mux::log::threshold = threshold_;
  }

  static int run(std::vector<std::string> words = {}) {
    words.insert(words.begin(), "lab");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return mux::labMain<ScriptedServer>(static_cast<int>(words.size()), argv.data());
  }

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

 private:
  std::ostringstream out_, err_;
  std::streambuf *outBefore_, *errBefore_;
  struct sigaction interrupt_ {
  }, terminate_{};
  rlimit files_{};
  const mux::log::Level threshold_ = mux::log::threshold;
};

TEST_F(LabMain, SaysWhereItListensBeforeItServes) {
  std::string saidBefore;
  script.run = [&] { saidBefore = out(); };
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(saidBefore, "listening on 127.0.0.1:43121\n");
}

TEST_F(LabMain, HandsTheOptionsToTheServer) {
  std::string prefix;
  script.construct = [&](const mux::Options& options) { prefix = options.prefix; };
  EXPECT_EQ(run({"--prefix", "echo# "}), 0);
  EXPECT_EQ(prefix, "echo# ");
}

TEST_F(LabMain, BothStopSignalsStopTheServer) {
  for (const int signal : {SIGINT, SIGTERM}) {
    script.stops = 0;
    script.run = [&] { ::raise(signal); };
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(script.stops, 1);
  }
}

TEST_F(LabMain, ASecondSignalIsAsGoodAsOne) {
  script.run = [] {
    ::raise(SIGTERM);
    ::raise(SIGINT);
  };
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(script.stops, 2);
}

TEST_F(LabMain, ASignalWhileTheServerIsDestroyedDoesNotReachIt) {
  script.destroy = [] { ::raise(SIGTERM); };
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(script.stops, 0);
}

TEST_F(LabMain, ASignalAfterTheServerIsGoneDoesNotReachIt) {
  EXPECT_EQ(run(), 0);
  ::raise(SIGTERM);
  EXPECT_EQ(script.stops, 0);
}

TEST_F(LabMain, WhatCannotBeSetUpIsOneLineAndExit1) {
  script.construct = [](const mux::Options&) {
    throw std::system_error(EADDRINUSE, std::generic_category(), "bind 127.0.0.1:80");
  };
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "lab: bind 127.0.0.1:80: Address already in use\n");
}

TEST_F(LabMain, WhatEndsTheServerIsOneLineAndExit1) {
  script.run = [] { throw std::runtime_error("select: Bad file descriptor"); };
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(err(), "lab: select: Bad file descriptor\n");
}

TEST_F(LabMain, AfterAFailureASignalDoesNotReachTheServer) {
  script.run = [] { throw std::runtime_error("select: Bad file descriptor"); };
  script.destroy = [] { ::raise(SIGTERM); };
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(script.stops, 0);
}

TEST_F(LabMain, ABadOptionIsOneLineAndExit2) {
  EXPECT_EQ(run({"--port", "abc"}), 2);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(),
            "lab: --port: 'abc' is not a number from 0 to 65535 (--help lists the options)\n");
}

TEST_F(LabMain, ABadOptionThatOnlyTheServerKnowsIsExit2Too) {
  script.construct = [](const mux::Options&) { throw mux::UsageError("--wakeup: 'x'"); };
  EXPECT_EQ(run(), 2);
  EXPECT_EQ(out(), "");
}

TEST_F(LabMain, HelpIsNoFailureAndStartsNothing) {
  script.construct = [](const mux::Options&) { FAIL() << "a server was made"; };
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_NE(out().find("--port"), std::string::npos);
  EXPECT_EQ(err(), "");
}

TEST_F(LabMain, RaisesTheLimitOfOpenFilesBeforeItServes) {
  rlimit low{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &low), 0);
  low.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  rlim_t limit = 0;
  script.construct = [&](const mux::Options&) {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    limit = now.rlim_cur;
  };
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(limit, low.rlim_max);
}

}  // namespace
