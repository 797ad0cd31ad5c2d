#include "tests/unit/support.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <filesystem>
#include <random>
#include <stdexcept>

#include "common/error.hpp"

namespace unit {

using mux::check;
using mux::UniqueFd;

namespace {

// ppoll and not poll: see hooks::waitCalls().
short pollOnce(int fd, short events, std::chrono::seconds patience) {
  pollfd entry{fd, events, 0};
  const timespec timeout{patience.count(), 0};
  int count;
  do count = ::ppoll(&entry, 1, &timeout, nullptr);
  while (count == -1 && errno == EINTR);
  check(count, "ppoll");
  return entry.revents;
}

// read(2) and sendto(2), because recv and send are hooked. -1 is "would block".
ssize_t tryRead(int fd, char* into, std::size_t size) {
  ssize_t n;
  do n = ::read(fd, into, size);
  while (n == -1 && errno == EINTR);
  if (n == -1 && errno != EAGAIN) mux::throwErrno("the client's read");
  return n;
}

ssize_t tryWrite(int fd, std::string_view bytes, int flags = 0) {
  ssize_t n;
  do n = ::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags, nullptr, 0);
  while (n == -1 && errno == EINTR);
  if (n == -1 && errno != EAGAIN) mux::throwErrno("the client's send");
  return n;
}

UniqueFd tcpSocket(const mux::InetAddress& server) {
  return UniqueFd(check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

std::vector<int> numbersIn(const char* directory) {
  std::vector<int> numbers;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    numbers.push_back(std::stoi(entry.path().filename()));
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

void await(int fd, short events) {
  if (pollOnce(fd, events, kBackstop) == 0) {
    throw std::runtime_error("descriptor " + std::to_string(fd) + " did not become ready");
  }
}

bool isReady(int fd, short events) {
  return pollOnce(fd, events, std::chrono::seconds(0)) != 0;
}

mux::Options anyPort() {
  mux::Options options;
  options.address = mux::InetAddress("127.0.0.1", 0);
  return options;
}

std::string randomBytes(std::size_t count, std::uint_fast32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
  return bytes;
}

TestClient::TestClient(const mux::InetAddress& server) : TestClient(tcpSocket(server), server) {
  connect();
}

TestClient TestClient::unconnected(const mux::InetAddress& server) {
  return {tcpSocket(server), server};
}

TestClient TestClient::withSmallBuffers(const mux::InetAddress& server) {
  TestClient client = unconnected(server);
  // Not less: what is sent must not have to wait for acknowledgements, which may come late.
  const int small = 64 * 1024;
  check(::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), "setsockopt");
  check(::setsockopt(client.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), "setsockopt");
  client.connect();
  return client;
}

void TestClient::connect() {
  check(::connect(fd(), server_.raw(), server_.size()), "connect");
  check(::fcntl(fd(), F_SETFL, O_NONBLOCK), "fcntl");
}

std::size_t TestClient::trySend(std::string_view bytes) {
  return static_cast<std::size_t>(std::max<ssize_t>(0, tryWrite(fd(), bytes)));
}

void TestClient::send(std::string_view bytes) {
  for (;;) {
    bytes.remove_prefix(trySend(bytes));
    if (bytes.empty()) return;
    await(fd(), POLLOUT);
  }
}

void TestClient::sendUrgent(char byte) {
  if (tryWrite(fd(), {&byte, 1}, MSG_OOB) != 1) throw std::runtime_error("no room for urgent data");
}

void TestClient::awaitDelivered() const {
  const bool delivered = eventually([&] {
    int unacknowledged = 0;
    check(::ioctl(fd(), TIOCOUTQ, &unacknowledged), "ioctl");
    return unacknowledged == 0;
  });
  if (!delivered) throw std::runtime_error("the server's kernel does not take what was sent");
}

void TestClient::awaitTaken() const {
  const bool taken = eventually([&] {
    tcp_info info{};
    socklen_t size = sizeof info;
    check(::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt");
    return info.tcpi_unacked == 0 || info.tcpi_retransmits > 0 || info.tcpi_probes > 0;
  });
  if (!taken) throw std::runtime_error("what was sent is still under way");
}

std::string TestClient::receive(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    await(fd(), POLLIN);
    const ssize_t n = tryRead(fd(), bytes.data() + got, count - got);
    if (n == 0) {
      throw std::runtime_error("expected " + std::to_string(count) + " bytes, got " +
                               std::to_string(got) + ", then the end");
    }
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::string TestClient::receiveToEnd() {
  std::string bytes;
  while (receiveMore(bytes)) {
  }
  return bytes;
}

std::string TestClient::receiveUntilGone() {
  return receiveUntilGoneOr(std::string::npos);
}

std::string TestClient::receiveUntilGoneOr(std::size_t count) {
  std::string bytes;
  try {
    while (bytes.size() < count && receiveMore(bytes)) {
    }
  } catch (const std::system_error& error) {
    if (error.code().value() != ECONNRESET) throw;
  }
  return bytes;
}

bool TestClient::receiveMore(std::string& bytes) {
  std::array<char, 65536> chunk;
  await(fd(), POLLIN);
  const ssize_t n = tryRead(fd(), chunk.data(), chunk.size());
  if (n > 0) bytes.append(chunk.data(), static_cast<std::size_t>(n));
  return n != 0;
}

std::string TestClient::exchange(std::string_view bytes) {
  std::string replies;
  std::array<char, 65536> chunk;
  const std::size_t expected = bytes.size();
  while (replies.size() < expected) {
    await(fd(), bytes.empty() ? POLLIN : POLLIN | POLLOUT);
    if (!bytes.empty()) bytes.remove_prefix(trySend(bytes));
    const ssize_t n = tryRead(fd(), chunk.data(), chunk.size());
    if (n == 0) throw std::runtime_error("the server hung up in the middle");
    if (n > 0) replies.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return replies;
}

void TestClient::finishSending() {
  check(::shutdown(fd(), SHUT_WR), "shutdown");
}

void TestClient::closeWithReset() {
  const linger atOnce{1, 0};
  check(::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce), "setsockopt");
  fd_.reset();
}

mux::Socket acceptOne(mux::Listener& listener) {
  await(listener.fd(), POLLIN);
  mux::AcceptResult accepted = listener.accept(0);
  if (accepted.status != mux::IoStatus::Done) throw std::runtime_error("nobody was accepted");
  return std::move(accepted.socket);
}

TcpPair::TcpPair() : TcpPair(mux::Listener(anyPort())) {
}

TcpPair::TcpPair(mux::Listener listener) : client(listener.address()) {
  server = acceptOne(listener);
}

std::vector<int> openDescriptors() {
  std::vector<int> open = numbersIn("/proc/self/fd");
  std::erase_if(open, [](int fd) { return ::fcntl(fd, F_GETFD) == -1; });  // the look itself
  return open;
}

std::vector<pid_t> threadsOfThisProcess() {
  return numbersIn("/proc/self/task");
}

FullTable::FullTable(std::size_t free) {
  check(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
  rlimit lower = before_;
  constexpr std::size_t kFillers = 16;  // at least so many, for release()
  lower.rlim_cur = static_cast<rlim_t>(openDescriptors().back()) + 1 + free + kFillers;
  check(::setrlimit(RLIMIT_NOFILE, &lower), "setrlimit");
  for (;;) {
    UniqueFd filler(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!filler) break;
    fillers_.push_back(std::move(filler));
  }
  release(free);
}

FullTable::~FullTable() {
  ::setrlimit(RLIMIT_NOFILE, &before_);
}

void FullTable::release(std::size_t count) {
  assert(count <= fillers_.size());
  fillers_.resize(fillers_.size() - count);
}

ThreadWatch::ThreadWatch(pid_t thread)
    : thread_(thread),
      file_(check(::open(("/proc/self/task/" + std::to_string(thread) + "/syscall").c_str(),
                         O_RDONLY | O_CLOEXEC),
                  "open /proc/self/task/TID/syscall")) {
}

long ThreadWatch::systemCall() const {
  std::array<char, 256> text{};
  const ssize_t n = ::pread(file_.get(), text.data(), text.size() - 1, 0);
  if (n <= 0 || text[0] < '0' || text[0] > '9') return -1;  // "running"; or the thread has ended
  return std::atol(text.data());
}

bool ThreadWatch::isWaiting() const {
  switch (systemCall()) {
#ifdef SYS_select  // not on every architecture
    case SYS_select:
    case SYS_poll:
    case SYS_epoll_wait:
#endif
    case SYS_pselect6:
    case SYS_ppoll:
    case SYS_epoll_pwait:
      return true;
    default:
      return false;
  }
}

bool ThreadWatch::isBlocked() const {
  return systemCall() == SYS_futex;
}

LogCapture::LogCapture(mux::log::Level level)
    : levelBefore_(mux::log::threshold.exchange(level)),
      file_(check(::memfd_create("log", MFD_CLOEXEC), "memfd_create")),
      realStderr_(check(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), "fcntl")) {
  // So that lines of several threads do not overwrite each other: a memfd has no lock of its own.
  check(::fcntl(file_.get(), F_SETFL, O_APPEND), "fcntl");
  check(::dup2(file_.get(), STDERR_FILENO), "dup2");
}

LogCapture::~LogCapture() {
  ::dup2(realStderr_.get(), STDERR_FILENO);
  mux::log::threshold = levelBefore_;
}

void LogCapture::prepare() {
  const LogCapture toAFile;  // for a file, the log opens no descriptor of its own
  mux::log::stderrSink();
}

std::string LogCapture::text() const {
  std::string text;
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t n =
        ::pread(file_.get(), chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
    check(static_cast<int>(n), "pread");
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

std::size_t LogCapture::count(std::string_view what) const {
  const std::string all = text();
  std::size_t times = 0;
  for (auto at = all.find(what); at != std::string::npos; at = all.find(what, at + 1)) ++times;
  return times;
}

}  // namespace unit
