/* A process for each client, as inetd and the textbooks have it. */
#define CONTRACT_LISTENER
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "contract.h"

static volatile sig_atomic_t clients;

static void on_child(int number) {
  int saved = errno;
  (void)number;
  while (waitpid(-1, NULL, WNOHANG) > 0) --clients;
  errno = saved;
}

static void on_stop(int number) {
  (void)number;
  signal(SIGTERM, SIG_IGN); /* we are of the group ourselves */
  kill(0, SIGTERM);
  while (wait(NULL) > 0) continue;
  _exit(0);
}

static int send_all(int client, const char* data, size_t size) {
  while (size > 0) {
    ssize_t sent = send(client, data, size, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1) return 0;
    data += sent;
    size -= (size_t)sent;
  }
  return 1;
}

static void serve(int client, const char* prefix) {
  char data[16 * 1024];
  for (;;) {
    ssize_t size = recv(client, data, sizeof data, 0);
    if (size == -1 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return;
    if (!send_all(client, prefix, strlen(prefix)) || !send_all(client, data, (size_t)size)) return;
  }
}

int main(int argc, char** argv) {
  struct contract options = parse_options(argc, argv);
  struct timespec moment = {0, 100 * 1000 * 1000};
  struct sigaction act;
  sigset_t child_signal;
  int listener = listening_socket(&options, 0);
  memset(&act, 0, sizeof act);
  act.sa_handler = on_child;
  act.sa_flags = SA_RESTART;
  sigaction(SIGCHLD, &act, NULL);
  act.sa_handler = on_stop;
  sigaction(SIGTERM, &act, NULL);
  sigaction(SIGINT, &act, NULL);
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  announce(listener);
  for (;;) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client == -1) {
      if (errno != EINTR && errno != ECONNABORTED) nanosleep(&moment, NULL);
      continue;
    }
    sigprocmask(SIG_BLOCK, &child_signal, NULL); /* while we count */
    if (clients < options.max_clients) {
      pid_t child = fork();
      if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        close(listener);
        serve(client, options.prefix);
        _exit(0);
      }
      if (child > 0) ++clients;
    }
    sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
    close(client);
  }
}
