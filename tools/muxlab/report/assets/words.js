// A step in words, for the eye and for the screen reader.

const shortText = (text) => (text && text.length > 18 ? `${text.slice(0, 17)}…` : text);

// libc's select() makes the call pselect6; people look for the name in the source.
const NAME = { pselect6: "select", ppoll: "poll", epoll_pwait: "epoll_wait", epoll_pwait2: "epoll_wait" };
const callName = (step) => NAME[step.call] ?? step.call;

const stillOf = (step, state) => state?.threads.find((one) => one.tid === step.tid)?.still ?? [];

function say(step, state) {
  if (!step) return "not started yet";
  const fd = step.fd === null || step.fd === undefined ? "" : `fd ${step.fd}`;
  const who = state?.clientOf(step.fd);
  const of = who && who.length <= 3 ? `${fd} ${who}` : fd;
  switch (step.kind) {
    case "wait_enter":
      if (stillOf(step, state).length)
        return `asks ${callName(step)}: ${listed(stillOf(step, state).map((fd) => `fd ${fd}`))} still ready`;
      return step.timeout_ms === 0
        ? `${callName(step)}: looks, without sleeping`
        : `asks ${callName(step)}${sleeps(step, state) ? `, and sleeps${atMost(step)}` : ""}`;
    case "wait_return":
      if (step.errno) return `${callName(step)} fails: ${step.errno}`;
      if (step.timed_out) return "times out: nobody is ready";
      return `told of ${listed((step.ready ?? []).map((one) => `fd ${one.fd}${bitsOf(one)}`))}`;
    case "ctl":
      return `epoll_ctl ${step.op} fd ${step.target}${step.errno ? `: ${step.errno}` : asked(step)}`;
    case "accept":
      if (step.errno === "EAGAIN") return "accept: nobody else waits";
      if (!step.errno && step.new_fd === null) return "accept does not return";
      return step.errno
        ? `accept: ${step.errno}`
        : `accepts ${state?.clientOf(step.new_fd) || "a client"} as fd ${step.new_fd}`;
    case "recv":
      if (step.errno === "EAGAIN") return `${of}: nothing more to read`;
      if (step.errno) return `${of}: recv says ${step.errno}`;
      if (step.bytes === null) return `${of}: recv does not return`;
      return step.bytes === 0 ? `${of}: end of input` : `${of}: receives ${plural(step.bytes ?? 0, "byte")}`;
    case "send":
      if (step.errno === "EAGAIN") return `${of}: no room to send`;
      if (isStuck(step)) return `${of}: send does not return: it waits for room`;
      return step.errno
        ? `${of}: send says ${step.errno}`
        : `${of}: sends ${plural(step.bytes ?? 0, "byte")}${partly(step)}`;
    case "shutdown":
      return `shuts down ${of}`;
    case "close":
      return `closes ${fd}`;
    case "open":
      return step.errno ? `${step.call}: ${step.errno}` : `${step.call}: opens ${fd || "a descriptor"}`;
    case "wake_write":
      return `${state?.isWakeUp(step) === false ? "writes to a pipe," : "writes a wake-up to"} ${fd}${refused(step)}`;
    case "wake_drain":
      return `drains the wake-ups of ${fd}`;
    case "signal":
      return `signal ${step.call}`;
    case "exit":
      return ended(step.line ?? "");
    default:
      if (["write", "writev"].includes(step.call) && STANDARD[step.fd]) return `writes to ${STANDARD[step.fd]}`;
      return step.call ? `calls ${step.call}${step.errno ? `: ${step.errno}` : ""}` : "a call that is not understood";
  }
}

const atMost = (step) => (step.timeout_ms > 0 ? ` for at most ${count(step.timeout_ms)} ms` : "");

const sleeps = (step, state) => state?.threads.find((one) => one.tid === step.tid)?.asleep ?? true;

const refused = (step) => {
  if (isStuck(step)) return ", and does not return: it waits for room";
  return step.errno === "EAGAIN" ? ": no room" : step.errno ? `: ${step.errno}` : "";
};

// It sleeps in a call that is no wait, until a signal comes, or for ever. What sends something stands where it began.
function isStuck(step) {
  if (step?.kind === "wake_write") return step.errno === "EINTR";
  if (step?.kind === "send") return step.bytes === null && (!step.errno || step.errno === "EINTR");
  if (step?.errno) return false;
  return (step?.kind === "recv" && step.bytes === null) || (step?.kind === "accept" && step.new_fd === null);
}

// strace's line: 'ended: SIGABRT', 'ended: exit code 1'.
function ended(line) {
  if (line.startsWith("ended: SIG")) return `is ended by ${line.slice(7)}`;
  const code = line.match(/exit code (\d+)/)?.[1] ?? "0";
  return code === "0" ? "exits" : `exits with code ${code}`;
}

// A call that has not come back: in which it sleeps.
function sayInside(step, state) {
  const who = state.clientOf(step.fd);
  const of = step.kind === "recv" ? `fd ${step.fd}${who && who.length <= 3 ? ` ${who}` : ""}: ` : "";
  return `${of}${shortName(step)} does not return: it waits in there`;
}

const shortName = (step) => ({ accept4: "accept", recvfrom: "recv" })[step.call] ?? step.call;

const STANDARD = ["stdin", "stdout", "stderr"];

// What was told of a descriptor, where it is more than that there is something to read.
const bitsOf = (one) => {
  const bits = eventsOf(one).join(" ");
  return bits === "IN" ? "" : ` ${bits}`;
};

const asked = (step) => (step.op === "DEL" ? "" : ` for ${eventsOf(step).join(" ") || "nothing"}`);

const partly = (step) => (step.asked && step.bytes < step.asked ? `, of ${count(step.asked)}` : "");

function listed(words) {
  if (words.length === 0) return "nobody";
  if (words.length > 4) return `${words.slice(0, 3).join(", ")} and ${words.length - 3} more`;
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
