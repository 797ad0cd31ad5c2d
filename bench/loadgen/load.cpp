#include "bench/loadgen/load.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "bench/loadgen/server_cpu.hpp"
#include "common/error.hpp"

namespace loadgen {

using namespace mux;
using namespace std::chrono_literals;

namespace {

constexpr int kMaxEvents = 512;
constexpr std::size_t kSip = 1024;  // bytes a slow reader reads at a time
constexpr Clock::duration kBetweenSips = 50ms;
constexpr int kSlowMessages = 16;  // a slow reader starts between two sips

std::uint64_t ownCpu() {
  rusage usage{};
  check(::getrusage(RUSAGE_SELF, &usage), "getrusage");
  const auto nanoseconds = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_usec) * 1'000;
  };
  return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

std::uint64_t cpuAtRest(int pid) {
  if (pid == 0) return 0;
  awaitRest(pid);
  return cpuOf(pid);
}

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      connector_(options),
      epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      room_(Payload::kMost) {
  const Clock::time_point begun = Clock::now();
  for (std::size_t i = 0; i < options.idle; ++i) idle_.push_back(connector_.connect());
  for (std::size_t i = 0; i < options.slowReaders; ++i) {
    slow_.push_back(std::make_unique<Client>(connector_.connect(), nextNumber_++, options.size));
  }
  waitsForRoom_.resize(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    clients_.push_back(std::make_unique<Client>(connector_.connect(), nextNumber_++, options.size));
    watch(EPOLL_CTL_ADD, i, false);
  }
  connectSeconds_ = std::chrono::duration<double>(Clock::now() - begun).count();
}

Outcome Load::run(const Limit& limit) {
  Phase phase{.limit = limit, .begun = {}, .end = {}, .outcome = {}};
  const std::uint64_t serverBefore = cpuAtRest(options_.serverPid);
  const std::uint64_t ownBefore = ownCpu();
  phase.begun = Clock::now();
  phase.end = limit.duration >= Clock::time_point::max() - phase.begun
                  ? Clock::time_point::max()
                  : phase.begun + limit.duration;
  converse(phase);
  phase.outcome.seconds = std::chrono::duration<double>(Clock::now() - phase.begun).count();
  phase.outcome.ownCpu = ownCpu() - ownBefore;
  phase.outcome.serverCpu = cpuAtRest(options_.serverPid) - serverBefore;
  return std::move(phase.outcome);
}

void Load::converse(Phase& phase) {
  if (options_.rate == 0) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      startNext(phase, *clients_[i], phase.begun);
      flush(i);
    }
  }
  Clock::time_point lastNews = phase.begun, lastSip = phase.begun;
  for (;;) {
    const Clock::time_point now = Clock::now();
    if (options_.rate > 0) startDue(phase, now);
    if (now - lastSip >= kBetweenSips) {
      sip(phase);
      lastSip = now;
    }
    if (phase.open == 0 && !mayStart(phase, dueTime(phase, phase.started))) return;

    std::array<epoll_event, kMaxEvents> events;
    const auto wait =
        std::chrono::duration_cast<std::chrono::nanoseconds>(untilNext(phase, now)).count();
    const timespec timeout{wait / 1'000'000'000, wait % 1'000'000'000};
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), kMaxEvents, &timeout, nullptr);
    if (count == -1 && errno == EINTR) continue;
    check(count, "epoll_pwait2");
    ++phase.outcome.waits;
    for (int i = 0; i < count; ++i) {
      serve(phase, events[static_cast<std::size_t>(i)].data.u64,
            events[static_cast<std::size_t>(i)].events);
    }
    if (count > 0) lastNews = now;
    if (phase.open > 0 && now - lastNews > options_.patience) {
      throw BadEcho("no reply for " + std::to_string(options_.patience.count()) +
                    " s: " + std::to_string(phase.open) + " messages were not answered");
    }
  }
}

bool Load::mayStart(const Phase& phase, Clock::time_point due) const noexcept {
  return phase.started < phase.limit.messages && due < phase.end;
}

// With a rate, a message is due whether or not the one before it was answered, and its latency
// counts from there. A client that waited for a slow reply would otherwise not ask while the server
// is slow, and the slow time would hardly show: "coordinated omission".
Clock::time_point Load::dueTime(const Phase& phase, std::uint64_t message) const {
  if (options_.rate == 0) return Clock::now();
  const std::chrono::duration<double> offset(static_cast<double>(message) / options_.rate);
  return phase.begun + std::chrono::duration_cast<Clock::duration>(offset);
}

void Load::startDue(Phase& phase, Clock::time_point now) {
  for (;;) {
    const Clock::time_point due = dueTime(phase, phase.started);
    if (due > now || !mayStart(phase, due)) return;
    const std::size_t index = phase.started++ % clients_.size();
    ++phase.open;
    clients_[index]->waiting.push_back(due);
    startNext(phase, *clients_[index], now);
    flush(index);
  }
}

void Load::startNext(Phase& phase, Client& client, Clock::time_point now) {
  while (client.underWay() < options_.depth) {
    if (options_.rate > 0) {
      if (client.waiting.empty()) return;
      client.start(client.waiting.front());
      client.waiting.pop_front();
    } else {
      if (!mayStart(phase, now) || isOld(client)) return;
      ++phase.started;
      ++phase.open;
      client.start(now);
    }
  }
}

void Load::serve(Phase& phase, std::size_t index, std::uint32_t events) {
  Client& client = *clients_[index];
  if (events & ~EPOLLOUT) {
    const std::size_t replies = client.receive(payload_, room_);
    const Clock::time_point now = Clock::now();
    for (std::size_t i = 0; i < replies; ++i) {
      phase.outcome.latency.add(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(now - client.takeReply()).count()));
    }
    phase.outcome.messages += replies;
    phase.open -= replies;
    if (client.ended()) return replace(phase, index);
    if (replies > 0) startNext(phase, client, now);
    if (replies > 0 && isOld(client) && client.underWay() == 0) {
      if (++phase.outcome.left % 2 == 0) return client.leave();
      return replace(phase, index);
    }
  }
  flush(index);
}

bool Load::isOld(const Client& client) const noexcept {
  return options_.lifetime != 0 && client.started() >= options_.lifetime;
}

void Load::replace(Phase& phase, std::size_t index) {
  std::deque<Clock::time_point> waiting = std::move(clients_[index]->waiting);
  clients_[index]->reset();
  clients_[index] = std::make_unique<Client>(connector_.connect(), nextNumber_++, options_.size);
  clients_[index]->waiting = std::move(waiting);
  waitsForRoom_[index] = false;
  watch(EPOLL_CTL_ADD, index, false);
  startNext(phase, *clients_[index], Clock::now());
  flush(index);
}

void Load::flush(std::size_t index) {
  const bool mustWait = !clients_[index]->sendOwed(payload_);
  if (mustWait != waitsForRoom_[index]) watch(EPOLL_CTL_MOD, index, mustWait);
  waitsForRoom_[index] = mustWait;
}

void Load::sip(Phase& phase) {
  for (const auto& client : slow_) {
    if (client->underWay() > 0) {
      const std::size_t replies = client->receive(payload_, std::span(room_).first(kSip));
      for (std::size_t i = 0; i < replies; ++i) client->takeReply();
      phase.outcome.slowBytes += replies * options_.size;
    }
    for (int i = 0; i < kSlowMessages && client->sendOwed(payload_); ++i) {
      client->start(Clock::now());
    }
  }
}

Clock::duration Load::untilNext(const Phase& phase, Clock::time_point now) const {
  Clock::duration wait = 1s;
  if (!slow_.empty()) wait = kBetweenSips;
  if (options_.rate > 0) {
    const Clock::time_point due = dueTime(phase, phase.started);
    if (mayStart(phase, due)) wait = std::min(wait, due - now);
  }
  return std::max(wait, Clock::duration::zero());
}

std::size_t Load::idleLost() const {
  return static_cast<std::size_t>(std::ranges::count_if(idle_, [](const UniqueFd& fd) {
    char byte;
    return ::recv(fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1 || errno != EAGAIN;
  }));
}

void Load::watch(int operation, std::size_t index, bool writable) {
  epoll_event event{};
  event.events = EPOLLIN | (writable ? EPOLLOUT : 0u);
  event.data.u64 = index;
  check(::epoll_ctl(epoll_.get(), operation, clients_[index]->fd(), &event), "epoll_ctl");
}

}  // namespace loadgen
