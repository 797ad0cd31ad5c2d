#include "common/options.hpp"

#include <getopt.h>

#include <charconv>
#include <cstring>
#include <iostream>
#include <vector>

#include "common/error.hpp"
#include "common/log.hpp"

namespace mux {
namespace {

constexpr const char* kHelp = R"(
  --host ADDR         IPv4 or IPv6 address to listen on (127.0.0.1)
  --port N            port to listen on; 0 lets the kernel choose (8080)
  --max-clients N     hang up on clients beyond this many (no limit)
  --prefix TEXT       put TEXT before each chunk read: shows where one recv ended
  --read-size BYTES   the most that one recv may return (16384)
  --log LEVEL         debug, info, warn or error (info)
)";
constexpr const char* kHelpOneLoop =
    R"(  --timeout-ms N      make an idle wait return after N ms, and say so in the log (never)
)";
constexpr const char* kHelpManyLoops =
    R"(  --threads N         worker loops, each in a thread of its own (2)
  --wakeup HOW        eventfd, eventfd-edge, socketpair, pipe or tcp (eventfd)
  --broadcast-every MS  send every client a line each MS ms, from a thread without a loop (never)
)";

// Throws UsageError unless all of `text` is a number from `least` to `most`.
template <class Number>
Number parseNumber(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw UsageError("'" + std::string(text) + "' is not a number from " + std::to_string(least) +
                     " to " + std::to_string(most));
  }
  return value;
}

// Throws UsageError about the value; the caller adds the option's name.
void setOption(Options& options, std::string_view name, const std::string& value) {
  constexpr int kMaxMs = std::numeric_limits<int>::max();
  constexpr std::size_t kMaxClients = 1'000'000'000;
  constexpr std::size_t kMaxReadSize = 1024 * 1024;  // bytes
  constexpr std::size_t kMaxThreads = 256;
  const std::uint16_t port = options.address.port();
  if (name == "host") options.address = InetAddress(value, port);
  if (name == "port") options.address.setPort(parseNumber<std::uint16_t>(value, 0, 65535));
  if (name == "max-clients") options.maxClients = parseNumber<std::size_t>(value, 0, kMaxClients);
  if (name == "prefix") options.prefix = value;
  if (name == "read-size") options.readSize = parseNumber<std::size_t>(value, 1, kMaxReadSize);
  if (name == "log") log::threshold = log::parseLevel(value);
  if (name == "timeout-ms") options.timeoutMs = parseNumber(value, 1, kMaxMs);
  if (name == "threads") options.threads = parseNumber<std::size_t>(value, 1, kMaxThreads);
  if (name == "wakeup") options.wakeup = value;
  if (name == "broadcast-every") options.broadcastEveryMs = parseNumber(value, 1, kMaxMs);
}

}  // namespace

std::optional<Options> parseOptions(int argc, char** argv, OptionSet set) {
  std::vector<option> known;
  for (const char* name : {"host", "port", "max-clients", "prefix", "read-size", "log"}) {
    known.push_back({name, required_argument, nullptr, 0});
  }
  if (set == OptionSet::OneLoop) known.push_back({"timeout-ms", required_argument, nullptr, 0});
  if (set == OptionSet::ManyLoops) {
    for (const char* name : {"threads", "wakeup", "broadcast-every"}) {
      known.push_back({name, required_argument, nullptr, 0});
    }
  }
  known.push_back({"help", no_argument, nullptr, 'h'});
  known.push_back({});

  Options options;
  optind = 0;  // start afresh: glibc's getopt(3) remembers where the last call stopped
  opterr = 0;
  int index = 0;
  for (;;) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): called once, before any thread is started
    const int code = ::getopt_long(argc, argv, ":h", known.data(), &index);
    if (code == -1) break;
    if (code == 'h') {
      std::cout << "usage: " << argv[0] << " [options]\n"
                << kHelp << (set == OptionSet::OneLoop ? kHelpOneLoop : kHelpManyLoops);
      return std::nullopt;
    }
    if (code == ':') throw UsageError(std::string(argv[optind - 1]) + " needs a value");
    if (code != 0) {  // optopt: a letter, which may stand among others in one argument
      throw UsageError("unknown option " + (optopt != 0
                                                ? std::string{'-', static_cast<char>(optopt)}
                                                : std::string(argv[optind - 1])));
    }
    const std::string name = known[static_cast<std::size_t>(index)].name;
    try {
      setOption(options, name, optarg);
    } catch (const UsageError& error) {
      throw UsageError("--" + name + ": " + error.what());
    }
  }
  if (optind < argc) throw UsageError(std::string("unexpected argument ") + argv[optind]);
  return options;
}

}  // namespace mux
