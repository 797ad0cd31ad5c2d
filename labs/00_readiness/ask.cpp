#include "labs/00_readiness/ask.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/error.hpp"

namespace lab00 {
namespace {

using mux::check;

// One table for two interfaces: epoll took over poll's values.
static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT);
static_assert(POLLRDHUP == EPOLLRDHUP && POLLERR == EPOLLERR && POLLHUP == EPOLLHUP);

Answer named(std::uint32_t events) {
  static constexpr std::array<std::pair<std::uint32_t, const char*>, 7> kNames{{
      {POLLIN, "IN"},
      {POLLPRI, "PRI"},
      {POLLOUT, "OUT"},
      {POLLRDHUP, "RDHUP"},
      {POLLERR, "ERR"},
      {POLLHUP, "HUP"},
      {POLLNVAL, "NVAL"},
  }};
  Answer answer;
  for (const auto& [bit, name] : kNames) {
    if (events & bit) answer.bits.emplace_back(name);
  }
  return answer;
}

Answer refusal() {
  return {.bits = {}, .error = ::strerrorname_np(errno)};
}

Answer epollWait(int epoll) {
  epoll_event event{};
  const int count = check(::epoll_wait(epoll, &event, 1, 0), "epoll_wait");
  return named(count == 0 ? 0 : event.events);
}

}  // namespace

std::string Answer::toString() const {
  if (!error.empty()) return error;
  std::string text;
  for (const std::string& bit : bits) text += (text.empty() ? "" : " ") + bit;
  return text.empty() ? "-" : text;
}

Answer askSelect(const Scene& scene) {
  const int fd = scene.watched;
  // FD_SET does not check: a descriptor past the end would overwrite whatever follows the set.
  if (fd >= FD_SETSIZE) return {.bits = {}, .error = "FD_SETSIZE"};

  fd_set readable, writable, exceptional;
  for (fd_set* set : {&readable, &writable, &exceptional}) {
    FD_ZERO(set);
    FD_SET(fd, set);
  }
  timeval noWait{};
  if (::select(fd + 1, &readable, &writable, &exceptional, &noWait) == -1) return refusal();

  Answer answer;
  if (FD_ISSET(fd, &readable)) answer.bits.emplace_back("read");
  if (FD_ISSET(fd, &writable)) answer.bits.emplace_back("write");
  if (FD_ISSET(fd, &exceptional)) answer.bits.emplace_back("except");
  return answer;
}

Answer askPoll(const Scene& scene) {
  // ERR, HUP and NVAL need not be asked for: they always come.
  pollfd question{scene.watched, POLLIN | POLLPRI | POLLOUT | POLLRDHUP, 0};
  if (::poll(&question, 1, 0) == -1) return refusal();
  return named(static_cast<std::uint16_t>(question.revents));
}

std::pair<Answer, Answer> askEpollTwice(const Scene& scene, std::uint32_t trigger) {
  const mux::UniqueFd epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  epoll_event interest{};
  interest.events =
      EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | trigger | (scene.oneShot ? EPOLLONESHOT : 0u);
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, scene.watched, &interest) == -1) {
    return {refusal(), refusal()};  // no registration, so there is nothing to wait for
  }
  const Answer first = epollWait(epoll.get());
  if (scene.meanwhile) scene.meanwhile();
  if (scene.rearmed) {
    check(::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, scene.watched, &interest), "epoll_ctl");
  }
  return {first, epollWait(epoll.get())};
}

}  // namespace lab00
