/* The contract's options, first line and exit codes for the servers in C and C++: nothing about how
 * they serve. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct contract {
  struct sockaddr_storage address;
  socklen_t address_size;
  long max_clients;
  const char* prefix;
};

static void bad_option(const char* what, const char* value) {
  fprintf(stderr, "%s: %s\n", what, value);
  exit(2);
}

static long number_from(const char* name, const char* text, long least, long most) {
  char* end;
  long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > most) bad_option(name, text);
  return value;
}

static int set_address(struct contract* to, const char* host, long port) {
  struct sockaddr_in* v4 = (struct sockaddr_in*)&to->address;
  struct sockaddr_in6* v6 = (struct sockaddr_in6*)&to->address;
  memset(&to->address, 0, sizeof to->address);
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons((unsigned short)port);
    to->address_size = sizeof *v4;
    return 1;
  }
  if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((unsigned short)port);
    to->address_size = sizeof *v6;
    return 1;
  }
  return 0;
}

static struct contract parse_options(int argc, char** argv) {
  static const struct option known[] = {{"host", required_argument, NULL, 'H'},
                                        {"port", required_argument, NULL, 'p'},
                                        {"max-clients", required_argument, NULL, 'm'},
                                        {"prefix", required_argument, NULL, 'x'},
                                        {"log", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};
  struct contract parsed;
  const char* host = "127.0.0.1";
  long port = 8080;
  int code;
  memset(&parsed, 0, sizeof parsed);
  parsed.max_clients = LONG_MAX;
  parsed.prefix = "";
  opterr = 0;
  while ((code = getopt_long(argc, argv, ":", known, NULL)) != -1) {
    switch (code) {
      case 'H':
        host = optarg;
        break;
      case 'p':
        port = number_from("--port", optarg, 0, 65535);
        break;
      case 'm':
        parsed.max_clients = number_from("--max-clients", optarg, 0, LONG_MAX);
        break;
      case 'x':
        parsed.prefix = optarg;
        break;
      case 'l':
        if (!strstr("debug info warn error", optarg)) bad_option("--log", optarg);
        break; /* these servers have nothing to say */
      case 'h':
        printf("--host ADDR  --port N  --max-clients N  --prefix TEXT  --log LEVEL\n");
        exit(0);
      default:
        bad_option("what is this", argv[optind - 1]);
    }
  }
  if (optind < argc) bad_option("what is this", argv[optind]);
  if (!set_address(&parsed, host, port)) bad_option("--host", host);
  return parsed;
}

/* A set-up has failed: "bind: Address already in use". */
static void give_up(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void announce(int listener) {
  struct sockaddr_storage at;
  socklen_t size = sizeof at;
  char host[INET6_ADDRSTRLEN];
  if (getsockname(listener, (struct sockaddr*)&at, &size) == -1)
    give_up("getsockname", strerror(errno));
  if (at.ss_family == AF_INET6) {
    struct sockaddr_in6* v6 = (struct sockaddr_in6*)&at;
    printf("listening on [%s]:%d\n", inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host),
           ntohs(v6->sin6_port));
  } else {
    struct sockaddr_in* v4 = (struct sockaddr_in*)&at;
    printf("listening on %s:%d\n", inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host),
           ntohs(v4->sin_port));
  }
  fflush(stdout);
}

#ifdef CONTRACT_LISTENER /* for those whose library does not make a listening socket itself */
#include <unistd.h>
static int listening_socket(const struct contract* options, int flags) {
  int on = 1;
  int listener = socket(options->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (listener == -1) give_up("socket", strerror(errno));
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (const struct sockaddr*)&options->address, options->address_size) == -1)
    give_up("bind", strerror(errno));
  if (listen(listener, SOMAXCONN) == -1) give_up("listen", strerror(errno));
  return listener;
}
#endif

#endif
