// muxstart: becomes a server, in the circumstances that a test wants. It ends with whoever started
// it.
//
//   muxstart [-p PARENT] [-n FILES] [-f FREE] [-e NAME=VALUE]... PROGRAM [ARGUMENT]...
//     -p  the process to end with: when it is gone already, so are we
//     -n  at most this many open files, soft and hard
//     -f  leave only FREE descriptor numbers below FD_SETSIZE, the highest ones
//     -e  set an environment variable, for the program alone
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static const int kCannot = 125;  // the exit code, as of env(1) and its like

static void must(int ok, const char* what) {
  if (ok) return;
  fprintf(stderr, "muxstart: %s: %s\n", what, strerror(errno));
  exit(kCannot);
}

static struct rlimit softAndHard(rlim_t value) {
  const struct rlimit both = {value, value};
  return both;
}

// Without close-on-exec: the program inherits them, as it would from a careless parent.
static void fillBelow(int end) {
  const int null = open("/dev/null", O_RDONLY);
  must(null != -1, "open /dev/null");
  int last = null;
  while (last < end - 1) {
    last = dup(null);  // the lowest free number
    must(last != -1, "dup");
  }
  if (last >= end) close(last);
}

int main(int argc, char** argv) {
  const struct rlimit noCore = softAndHard(0);  // a crash is what some tests are about
  must(setrlimit(RLIMIT_CORE, &noCore) == 0, "setrlimit core");
  struct rlimit files;
  int option;
  while ((option = getopt(argc, argv, "+p:n:f:e:")) != -1) {
    switch (option) {
      case 'p':
        must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
        if (getppid() != atoi(optarg)) return kCannot;
        break;
      case 'n':
        files = softAndHard((rlim_t)atol(optarg));
        must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit nofile");
        break;
      case 'f':
        fillBelow(FD_SETSIZE - atoi(optarg));
        break;
      case 'e':
        must(putenv(optarg) == 0, "putenv");
        break;
      default:
        return kCannot;
    }
  }
  must(optind < argc, "no program given");
  execvp(argv[optind], argv + optind);
  must(0, argv[optind]);
}
